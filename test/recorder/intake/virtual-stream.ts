import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SegmentReader } from '../../../src/archive/segment/segment-reader.ts';
import type { SegmentRecord } from '../../../src/domain/model/segment.ts';
import type { StreamSpec, TrackSummary } from '../../../src/domain/ports/recorder.ts';
import type { SegmentCoverage } from '../../../src/domain/recording/gap-map.ts';
import { KEY_BYTES } from '../../../src/protocols/segment/key-wrap.ts';
import { type CallClock, TrackClock } from '../../../src/recorder/clock/track-clock.ts';
import { Gate, GateTable } from '../../../src/recorder/fence/gate-table.ts';
import { MarkerAction } from '../../../src/recorder/fence/marker.ts';
import { MediaStream } from '../../../src/recorder/media-stream.ts';
import type { MediaReceiver } from '../../../src/recorder/receiver/media-receiver.ts';
import { SegmentWriter } from '../../../src/recorder/segment/segment-writer.ts';
import { unsealing } from '../../support/audio/unsealing.ts';

const CHUNK_MS = 900;
const TICK_MS = 100;

/** A call whose time the test tells: an hour passes as fast as its packets can be recorded. */
export class VirtualCall {
  readonly callId = 'call';
  readonly recordingsDir: string;
  readonly masterKey = randomBytes(KEY_BYTES);
  readonly segments: SegmentRecord[] = [];
  readonly clock: CallClock;
  readonly #gates = new GateTable(1);
  readonly #resumeGuardMs: number;
  #order = 0;
  readonly #streams: MediaStream[] = [];
  readonly #writers = new Map<MediaStream, SegmentWriter>();
  /** As the thread's own `Pulse` tells it. */
  cameAfterMs: (readAtMs: number) => number = (readAtMs) => readAtMs;
  /** Its sockets have nothing in their queues. */
  readonly #receiver: MediaReceiver = {
    cameAfterMs: (readAtMs) => this.cameAfterMs(readAtMs),
    open: () => ({
      overflowed: 0,
      countOverflowed: () => 0,
      bind: (_, onBound) => onBound(),
      send: () => undefined,
      afterArrived: (callback) => callback(),
      close: () => undefined,
    }),
  };
  #nowMs = 1_000;
  #tickedMs = 1_000;

  constructor(recordingsDir: string, clock: CallClock, resumeGuardMs = 0) {
    this.#resumeGuardMs = resumeGuardMs;
    this.recordingsDir = recordingsDir;
    this.clock = clock;
    mkdirSync(join(recordingsDir, this.callId));
    this.#gates.allocate();
    this.#gates.set(0, Gate.Open);
  }

  /** A stream that keeps all it gets; no packet comes by its socket. */
  stream(spec: StreamSpec): MediaStream {
    const { callId, recordingsDir, masterKey } = this;
    const { track, clockRate } = spec;
    const clock = new TrackClock(this.clock, clockRate);
    const now = () => this.#nowMs;
    const writer = new SegmentWriter(
      {
        ...{ callId, track, codec: spec.agreed.codec, masterKey, recordingsDir },
        commandCameAtMs: now,
        ...{ maxUnwrittenBytes: 1e9, firstSegment: 0, lookbackMs: 0 },
        ...{ clockRate, suppressDtmf: spec.suppressDtmf },
        chunkSamples: (CHUNK_MS * clockRate) / 1000,
        onSegment: (told) => {
          this.segments.push({ callId, track, generation: 0, ...told });
        },
        onFailed: (code) => {
          throw new Error(code);
        },
      },
      clock,
    );
    const stream = new MediaStream(spec, {
      ...{ callId, slot: 0, gates: this.#gates, receiver: this.#receiver },
      ...{ maxHeldAsidePackets: 100, clock, writer, resumed: undefined, now },
      ...{ resumeGuardMs: this.#resumeGuardMs, former: undefined },
      onBegan: () => undefined,
      onConfirmed: () => undefined,
    });
    this.#streams.push(stream);
    this.#writers.set(stream, writer);
    return stream;
  }

  /** A datagram arrives; time never goes back. */
  receive(stream: MediaStream, datagram: Buffer, atMs: number): void {
    this.#pass(atMs);
    stream.receive(datagram, this.#nowMs);
  }

  #pass(atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
    for (; this.#tickedMs + TICK_MS <= this.#nowMs; this.#tickedMs += TICK_MS) {
      for (const one of this.#streams) one.tick(this.#tickedMs + TICK_MS, CHUNK_MS);
    }
  }

  /**
   * A Pause, or a Start, reaches every stream, which a thread that stood still reads later.
   * @param under what comes before the order is read
   */
  command(
    gate: 'shut' | 'open',
    atMs: number,
    { readAtMs = atMs, under }: { readAtMs?: number; under?: () => void } = {},
  ): void {
    this.#pass(readAtMs);
    const isOpen = gate === 'open';
    this.#order += 1;
    this.#gates.set(0, isOpen ? Gate.Open : Gate.Closing, 'api', this.#order);
    const marker = {
      order: this.#order,
      action: isOpen ? MarkerAction.Open : MarkerAction.Shut,
      reason: isOpen ? 'end' : 'api',
      atMs: isOpen ? atMs : Number.POSITIVE_INFINITY,
    } as const;
    under?.();
    for (const stream of this.#streams) stream.fence(marker);
    if (!isOpen) this.#gates.set(0, Gate.Shut);
  }

  /** A control packet comes at the stream's own port. */
  control(stream: MediaStream, datagram: Buffer, atMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, atMs);
    stream.receive(datagram, this.#nowMs, { address: '127.0.0.1', port: 9 });
  }

  async close(stream: MediaStream): Promise<TrackSummary> {
    const summary = await new Promise<TrackSummary>((resolve) => stream.close('end', resolve));
    await new Promise<void>((resolve) => this.#writers.get(stream)?.whenIdle(resolve));
    return summary;
  }

  /** What is in the track's files, by position on the call's clock. */
  async runs(track: number): Promise<{ position: number; audio: Buffer }[]> {
    const runs: { position: number; audio: Buffer }[] = [];
    for (const reader of await this.#readers(track)) {
      for await (const run of reader.read({ start: -1e12, end: 1e12 })) runs.push(run);
      await reader.close();
    }
    return runs;
  }

  /** What its files say of themselves. */
  async coverage(track: number): Promise<SegmentCoverage[]> {
    const covered: SegmentCoverage[] = [];
    for (const reader of await this.#readers(track)) {
      covered.push({ closedBy: 'end', spans: reader.spans });
      await reader.close();
    }
    return covered;
  }

  async #readers(track: number): Promise<SegmentReader[]> {
    const segments = this.segments.filter((one) => one.track === track && one.closedBy);
    const readers = await Promise.all(
      segments.map((one) => SegmentReader.open(unsealing(this), one)),
    );
    return readers.filter((reader) => reader !== undefined);
  }
}
