import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createEncoder } from 'libopus-wasm';
import { expect } from 'vitest';
import { SealedArchive } from '../../src/archive/archive.ts';
import { Playback } from '../../src/archive/playback/playback.ts';
import { finishedRecording } from '../../src/archive/segment/finished-recording.ts';
import type { GapReason } from '../../src/domain/model/gap.ts';
import type { SegmentRecord } from '../../src/domain/model/segment.ts';
import { noPackets, type TrackRecord } from '../../src/domain/model/track.ts';
import { G722Encoder } from '../../src/protocols/g722/encoder.ts';
import { emptyRtpPacket } from '../../src/protocols/rtp/packet.ts';
import { KEY_BYTES } from '../../src/protocols/segment/key-wrap.ts';
import type { SegmentCodec } from '../../src/protocols/segment/sealed-chunk.ts';
import { encodeMulaw } from '../../src/protocols/wav/g711.ts';
import { WAV_HEADER_BYTES } from '../../src/protocols/wav/wav-header.ts';
import { CallClock, TrackClock } from '../../src/recorder/clock/track-clock.ts';
import { SegmentWriter } from '../../src/recorder/segment/segment-writer.ts';
import type { SqlStore } from '../../src/store/store.ts';
import { seededRandom } from '../../src/torture/random.ts';
import { channelOf, pcmOf } from '../support/audio/tones.ts';
import { unsealing } from '../support/audio/unsealing.ts';
import { temporaryFolder } from '../support/hush/hush.ts';

const CHUNK_MS = 900;
/** A recording on disk, sealed by the recorder's own writer. */
export class StoredCall {
  readonly callId = randomUUID();
  readonly recordingsDir = temporaryFolder();
  readonly masterKey = randomBytes(KEY_BYTES);
  readonly segments: SegmentRecord[] = [];
  readonly #tracks: StoredTrack[] = [];

  constructor() {
    mkdirSync(join(this.recordingsDir, this.callId));
  }

  track(codec: SegmentCodec, clockRate: number, more: Partial<TrackRecord> = {}): StoredTrack {
    const track = new StoredTrack(this, { codec, clockRate, track: this.#tracks.length, ...more });
    this.#tracks.push(track);
    return track;
  }

  get tracks(): TrackRecord[] {
    return this.#tracks.map(({ record }) => record);
  }

  /** Ends all tracks. */
  async end(): Promise<this> {
    for (const { writer } of this.#tracks) {
      writer.closeSegment('end');
      await new Promise<void>((resolve) => writer.whenIdle(resolve));
    }
    return this;
  }

  /** Undoes the reported ends of segments and tracks, as if the process had died. */
  crash(): void {
    const { segment = 0 } = this.segments.at(-1) ?? {};
    const isLast = (row: SegmentRecord) => row.segment === segment && row.closedBy !== null;
    this.segments.splice(0, Infinity, ...this.segments.filter((row) => !isLast(row)));
    for (const track of this.#tracks) track.record = { ...track.record, endPosition: null };
  }

  /** Continues the one track in a later process. */
  goOn(startPosition: number): StoredTrack {
    const [before] = this.#tracks;
    if (!before) throw new Error('there is no track');
    const { codec, clockRate, track } = before.record;
    const firstSegment = 1 + Math.max(...this.segments.map(({ segment }) => segment));
    const next = new StoredTrack(this, { codec, clockRate, track }, firstSegment);
    next.record = { ...before.record, endPosition: startPosition };
    this.#tracks[0] = next;
    return next;
  }

  /** Returns an archive of this one recording, whose rows the store has. */
  archive(store: SqlStore, maxExports = 0): SealedArchive {
    const filesSettings = { recordingsDir: this.recordingsDir };
    return new SealedArchive({
      ...unsealing(this),
      filesSettings,
      store,
      keeping: store.keeping,
      maxExports,
    });
  }

  /** Plays with a gap map as it would be made now: missing audio is declared absent. */
  async play(): Promise<Playback> {
    const { tracks } = this;
    const segments = this.segments.filter(({ closedBy }) => closedBy !== null);
    const { gaps } = await finishedRecording(unsealing(this), { tracks, segments, details: [] });
    return Playback.open({ ...unsealing(this), tracks, segments, gaps });
  }

  async wav(start?: number, end?: number): Promise<Buffer> {
    const playback = await this.play();
    const pieces: Buffer[] = [];
    try {
      for await (const piece of playback.wav(start, end)) pieces.push(piece);
    } finally {
      await playback.close();
    }
    return Buffer.concat(pieces);
  }

  /** Returns samples of one channel of the WAV; 0 is left. */
  async heard(channel: number): Promise<Int16Array> {
    return channelOf(pcmOf((await (await this.end()).wav()).subarray(WAV_HEADER_BYTES)), channel);
  }

  remove(): void {
    rmSync(this.recordingsDir, { recursive: true, force: true });
  }
}

class StoredTrack {
  record: TrackRecord;
  readonly writer: SegmentWriter;

  constructor(
    { callId, recordingsDir, masterKey, segments }: StoredCall,
    described: Pick<TrackRecord, 'codec' | 'clockRate' | 'track'> & Partial<TrackRecord>,
    firstSegment = 0,
  ) {
    const { codec, clockRate, track } = described;
    const clock = new TrackClock(Object.assign(new CallClock(), { originMs: 0 }), clockRate);
    clock.begin(emptyRtpPacket(), 0);
    clock.hear(0, 0);
    this.record = {
      callId,
      label: String(track),
      aor: null,
      role: 'other',
      mixed: false,
      startPosition: null,
      endPosition: null,
      initialReason: null,
      clockOrigin: null,
      reasonChanges: [],
      packets: noPackets,
      clockWrongMs: 0,
      presence: null,
      ...described,
    };
    this.writer = new SegmentWriter(
      {
        callId,
        track,
        codec,
        clockRate,
        masterKey,
        recordingsDir,
        suppressDtmf: false,
        maxUnwrittenBytes: 1e9,
        firstSegment,
        lookbackMs: 0,
        commandCameAtMs: () => 0,
        chunkSamples: Math.floor((CHUNK_MS * clockRate) / 1000),
        onSegment: (told) => {
          segments.push({ callId, track, generation: 0, ...told });
        },
        onFailed: (code) => {
          throw new Error(code);
        },
      },
      clock,
    );
  }

  add(position: number, data: Uint8Array, samples = data.length): void {
    const packet = { data: Buffer.from(data), start: 0, end: data.length, samples };
    this.writer.append(position, packet, { sequence: 0, arrivedAtMs: 0 });
    const { startPosition, endPosition } = this.record;
    this.record = {
      ...this.record,
      startPosition: Math.min(startPosition ?? Infinity, position),
      endPosition: Math.max(endPosition ?? -Infinity, position + samples),
    };
  }

  /** Adds consecutive packets of `samples` and `bytes` each. */
  addAll(position: number, data: Uint8Array, { samples, bytes = samples }: PacketSize): void {
    for (let at = 0; at < data.length; at += bytes) {
      this.add(position + (at / bytes) * samples, data.subarray(at, at + bytes), samples);
    }
  }

  pause(reason: Exclude<GapReason, 'loss' | 'dtmf' | 'silence'>): void {
    this.writer.closeSegment(reason);
  }
}

interface PacketSize {
  readonly samples: number;
  readonly bytes?: number;
}

/** Expects any part to be a slice of the whole. */
export async function expectSlices(call: StoredCall, count: number): Promise<void> {
  const whole = await call.wav();
  const random = seededRandom(4);
  for (let index = 0; index < count; index += 1) {
    const start = Math.floor(random() * whole.length);
    const end = Math.min(whole.length, start + 1 + Math.floor(random() ** 4 * 900_000));
    const part = await call.wav(start, end);
    expect(part.equals(whole.subarray(start, end)), `${start}-${end}`).toBe(true);
  }
}

export function mulaw(pcm: Int16Array): Uint8Array {
  return Uint8Array.from(pcm, (sample) => encodeMulaw(sample));
}

export function g722(pcm: Int16Array): Uint8Array {
  return new G722Encoder().encode(pcm);
}

export const OPUS_FRAME = 960;

/** Encodes packets of 20 ms. */
export async function opusPackets(pcm: Int16Array, bitrate = 48_000): Promise<Uint8Array[]> {
  const encoder = await createEncoder({ channels: 1, frameSize: OPUS_FRAME, bitrate });
  const count = Math.floor(pcm.length / OPUS_FRAME);
  const encoded = Array.from({ length: count }, (_, at) =>
    encoder.encode(pcm.subarray(at * OPUS_FRAME, (at + 1) * OPUS_FRAME)),
  );
  encoder.free();
  return encoded;
}

/** RFC 3551 section 4.5.11 */
export function l16(pcm: Int16Array): Buffer {
  const bytes = Buffer.alloc(pcm.length * 2);
  for (const [index, sample] of pcm.entries()) bytes.writeInt16BE(sample, index * 2);
  return bytes;
}
