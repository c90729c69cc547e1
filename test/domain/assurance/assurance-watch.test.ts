import { describe, expect, it } from 'vitest';
import { AssuranceWatch } from '../../../src/domain/assurance/assurance-watch.ts';
import { Call, type CallStream } from '../../../src/domain/call/call.ts';
import { CallRegistry } from '../../../src/domain/call/call-registry.ts';
import type { PacketCounts } from '../../../src/domain/model/track.ts';
import { aTrack } from '../../store/samples.ts';

/** The watch's rules on a clock of their own: one reading a second, as the recorder gives them. */

const nothing = Object.fromEntries(
  Object.keys(aTrack('').packets).map((key) => [key, 0]),
) as unknown as PacketCounts;

/** A recorded call of some streams; each second a stream gets what the test says. */
class Bench {
  readonly said: string[] = [];
  readonly call: Call;
  readonly watch: AssuranceWatch;
  readonly #counts: PacketCounts[];
  readonly #open = new Set<string>();
  available = true;
  #nowMs = 0;

  constructor(streams = 2) {
    const calls = new CallRegistry();
    const begun = Call.begin({ id: 'a', correlationId: 'c', uccName: 'ucc', at: 0 });
    this.call = new Call({ ...begun.record, recordingState: 1, gapStartedAt: null });
    this.#counts = Array.from({ length: streams }, () => nothing);
    for (let track = 0; track < streams; track += 1) {
      this.call.streams.set(track, { track, held: false } as CallStream);
    }
    calls.add(this.call);
    this.watch = new AssuranceWatch({
      calls,
      isRecorderAvailable: () => this.available,
      limits: { mediaStartMs: 10_000, mediaSilentMs: 30_000 },
      nowMs: () => this.#nowMs,
      alarms: {
        isOpen: (_, kind) => this.#open.has(kind),
        callEnded: () => undefined,
        raise: ({ kind }) => {
          this.#open.add(kind);
          this.said.push(`${this.#nowMs / 1000} ${kind}`);
        },
        clear: (_, kind) => {
          this.#open.delete(kind);
          this.said.push(`${this.#nowMs / 1000} ${kind} is over`);
        },
      },
    });
    // The first reading is the one that opens the stream.
    this.seconds(0, []);
  }

  /** @param added what each stream got in each of these seconds */
  seconds(count: number, added: readonly Partial<PacketCounts>[]): void {
    for (let second = 0; second < Math.max(1, count); second += 1) {
      if (count > 0) this.#nowMs += 1_000;
      for (const [track, more] of added.entries()) {
        const counts = { ...(this.#counts[track] as PacketCounts) } as Record<string, number>;
        for (const [key, packets] of Object.entries(more)) {
          counts[key] = (counts[key] ?? 0) + (packets as number);
        }
        this.#counts[track] = counts as unknown as PacketCounts;
      }
      this.watch.onStats(
        this.#counts.map((packets, track) => {
          return { callId: 'a', track, packets, jitterMs: 0, lastPacketAt: null };
        }),
      );
    }
  }

  hold(held: boolean): void {
    for (const stream of this.call.streams.values()) stream.held = held;
  }

  pause(paused: boolean): void {
    this.call.accept(this.call.controlled({ recordingState: paused ? 3 : 1 }));
  }
}

const audio = { received: 50, kept: 50 };
const none = {};

describe('a stream that sends nothing', () => {
  it('is overdue after mediaStartMs, and raises one alarm', () => {
    const bench = new Bench();
    bench.seconds(60, [audio, none]);
    expect(bench.said).toEqual(['10 mediaOneSided']);
    bench.seconds(1, [audio, audio]);
    expect(bench.said).toEqual(['10 mediaOneSided', '61 mediaOneSided is over']);
  });

  it('counts as missing media when no other stream sends', () => {
    const bench = new Bench();
    bench.seconds(12, [none, none]);
    bench.seconds(3, [audio, none]);
    expect(bench.said).toEqual(['10 mediaMissing', '13 mediaMissing is over', '13 mediaOneSided']);
  });

  it('is expected to send only while it is recorded and not held', () => {
    const bench = new Bench();
    bench.hold(true);
    bench.seconds(60, [none, none]);
    bench.hold(false);
    bench.pause(true);
    bench.seconds(60, [none, none]);
    bench.pause(false);
    bench.seconds(9, [none, none]);
    expect(bench.said).toEqual([]);
    bench.seconds(1, [none, none]);
    expect(bench.said).toEqual(['130 mediaMissing']);
  });

  it('counts as sending when it sends comfort noise', () => {
    const bench = new Bench();
    bench.seconds(60, [audio, { received: 1, comfortNoise: 1 }]);
    expect(bench.said).toEqual([]);
  });
});

describe('a stream that stops', () => {
  it('raises an alarm after mediaSilentMs, and clears it when it resumes', () => {
    const bench = new Bench();
    bench.seconds(20, [audio, audio]);
    bench.seconds(40, [audio, none]);
    bench.seconds(2, [audio, audio]);
    expect(bench.said).toEqual(['50 mediaStopped', '61 mediaStopped is over']);
    bench.seconds(40, [audio, none]);
    expect(bench.said.at(-1)).toBe('92 mediaStopped');
  });

  it.each<[string, (bench: Bench) => void]>([
    [
      'was quiet for a while before: it suppresses silence',
      (bench) => {
        bench.seconds(4, [audio, none]);
        bench.seconds(20, [audio, audio]);
      },
    ],
    [
      'announced silence before',
      (bench) => bench.seconds(1, [audio, { received: 1, comfortNoise: 1 }]),
    ],
    ['is held', (bench) => bench.hold(true)],
    ['is of a paused call', (bench) => bench.pause(true)],
  ])('is no fault when it %s', (_, before) => {
    const bench = new Bench();
    bench.seconds(20, [audio, audio]);
    before(bench);
    bench.seconds(120, [audio, none]);
    expect(bench.said).toEqual([]);
  });

  it('gets the full time again after a pause, as its client may resume late', () => {
    const bench = new Bench();
    bench.seconds(20, [audio, audio]);
    bench.seconds(20, [none, none]);
    bench.pause(true);
    bench.seconds(60, [none, none]);
    bench.pause(false);
    bench.seconds(29, [none, none]);
    expect(bench.said).toEqual([]);
    bench.seconds(1, [none, none]);
    expect(bench.said).toEqual(['130 mediaStopped']);
  });
});

describe('packets that cannot be used', () => {
  it('failing SRTP raises an alarm, and its end clears it', () => {
    const bench = new Bench();
    bench.seconds(5, [audio, audio]);
    bench.seconds(5, [audio, { received: 50, unauthenticated: 50 }]);
    bench.seconds(20, [audio, audio]);
    expect(bench.said).toEqual(['6 mediaUnauthenticated', '20 mediaUnauthenticated is over']);
  });

  it('foreign packets raise an alarm, which clears when none have come for a while', () => {
    const bench = new Bench();
    bench.seconds(5, [audio, audio]);
    bench.seconds(5, [audio, { received: 70, foreign: 20 }]);
    bench.seconds(20, [audio, audio]);
    expect(bench.said).toEqual(['6 mediaForeign', '20 mediaForeign is over']);
  });

  it('a stream without a valid packet counts as never heard', () => {
    const bench = new Bench();
    bench.seconds(12, [audio, { received: 50, unauthenticated: 50 }]);
    expect(bench.said).toEqual(['1 mediaUnauthenticated', '10 mediaOneSided']);
  });

  it('a stream that loses more than 5 % raises an alarm', () => {
    const bench = new Bench();
    bench.seconds(8, [audio, { received: 45, lost: 5 }]);
    expect(bench.said).toEqual([]);
    bench.seconds(4, [audio, { received: 45, lost: 5 }]);
    expect(bench.said).toEqual(['10 mediaLossy']);
  });
});

it('a call offered while the recorder cannot record raises an alarm', () => {
  const bench = new Bench();
  const began = { type: 'callBegan', callId: 'a' } as Parameters<AssuranceWatch['onEvent']>[0];
  bench.watch.onEvent(began);
  expect(bench.said).toEqual([]);
  bench.available = false;
  bench.watch.onEvent(began);
  expect(bench.said).toEqual(['0 recorderUnavailable']);
});

it('a stream of a replaced media thread does not count as never heard', () => {
  const bench = new Bench();
  bench.seconds(20, [audio, audio]);
  bench.watch.onStats([
    { callId: 'a', track: 0, packets: nothing, jitterMs: 0, lastPacketAt: null },
  ]);
  expect(bench.said).toEqual([]);
});
