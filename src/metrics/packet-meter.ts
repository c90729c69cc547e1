import { noPackets, type PacketCounts } from '../domain/model/track.ts';
import type { StreamStats, TrackSummary } from '../domain/ports/recorder.ts';

type Counts = { -readonly [Counter in keyof PacketCounts]: number };

/**
 * Counts packets from the totals that streams report once a second and at their end: each report
 * adds the difference, and all streams of a report are added at once.
 */
export class PacketMeter {
  /** By call and track. */
  readonly #seen = new Map<string, Map<number, Counts>>();
  readonly #add: (counter: keyof PacketCounts, packets: number) => void;

  constructor(add: (counter: keyof PacketCounts, packets: number) => void) {
    this.#add = add;
  }

  read(readings: readonly Pick<StreamStats, 'callId' | 'track' | 'packets'>[]): void {
    const added: Counts = { ...noPackets };
    for (const { callId, track, packets } of readings) {
      count(this.#countsOf(callId, track), packets, added);
    }
    this.#addAll(added);
  }

  ended(callId: string, { track, packets }: Pick<TrackSummary, 'track' | 'packets'>): void {
    const added: Counts = { ...noPackets };
    count(this.#countsOf(callId, track), packets, added);
    this.#addAll(added);
    const tracks = this.#seen.get(callId);
    tracks?.delete(track);
    if (tracks?.size === 0) this.#seen.delete(callId);
  }

  #countsOf(callId: string, track: number): Counts {
    let tracks = this.#seen.get(callId);
    if (!tracks) {
      tracks = new Map();
      this.#seen.set(callId, tracks);
    }
    let counts = tracks.get(track);
    if (!counts) {
      counts = { ...noPackets };
      tracks.set(track, counts);
    }
    return counts;
  }

  #addAll(added: PacketCounts): void {
    for (const counter of Object.keys(added) as (keyof PacketCounts)[]) {
      if (added[counter] > 0) this.#add(counter, added[counter]);
    }
  }
}

/** Counter by counter: a loop over their names costs a stream 40 us (docs/decisions/0013). */
function count(seen: Counts, now: PacketCounts, added: Counts): void {
  // A stream resumed by a new media thread counts from zero again.
  if (now.received < seen.received) Object.assign(seen, noPackets);
  added.received += growth(seen.received, now.received);
  added.kept += growth(seen.kept, now.kept);
  added.gated += growth(seen.gated, now.gated);
  added.duplicate += growth(seen.duplicate, now.duplicate);
  added.dtmf += growth(seen.dtmf, now.dtmf);
  added.comfortNoise += growth(seen.comfortNoise, now.comfortNoise);
  added.lost += growth(seen.lost, now.lost);
  added.reordered += growth(seen.reordered, now.reordered);
  added.unauthenticated += growth(seen.unauthenticated, now.unauthenticated);
  added.unusable += growth(seen.unusable, now.unusable);
  added.foreign += growth(seen.foreign, now.foreign);
  added.erased += growth(seen.erased, now.erased);
  added.overflowed += growth(seen.overflowed, now.overflowed);
  seen.received = now.received;
  seen.kept = higher(seen.kept, now.kept);
  seen.gated = higher(seen.gated, now.gated);
  seen.duplicate = higher(seen.duplicate, now.duplicate);
  seen.dtmf = higher(seen.dtmf, now.dtmf);
  seen.comfortNoise = higher(seen.comfortNoise, now.comfortNoise);
  seen.lost = higher(seen.lost, now.lost);
  seen.reordered = higher(seen.reordered, now.reordered);
  seen.unauthenticated = higher(seen.unauthenticated, now.unauthenticated);
  seen.unusable = higher(seen.unusable, now.unusable);
  seen.foreign = higher(seen.foreign, now.foreign);
  seen.erased = higher(seen.erased, now.erased);
  seen.overflowed = higher(seen.overflowed, now.overflowed);
}

/** A kept packet can still be erased, a lost one can still arrive: a counter never falls. */
function growth(seen: number, now: number): number {
  return now > seen ? now - seen : 0;
}

function higher(seen: number, now: number): number {
  return now > seen ? now : seen;
}
