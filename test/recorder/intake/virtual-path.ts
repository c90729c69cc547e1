import type { ReasonChange } from '../../../src/domain/model/gap.ts';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { spec } from '../recorder-fixture.ts';
import { VirtualCall } from './virtual-stream.ts';

export const FRAME_MS = 20;
export const FRAME = 160;
/** Time on the virtual clock at which frame 0 is sent. */
const BEGUN_MS = 2_000;

/** A frame as its device sends it. */
export interface SentFrame {
  readonly index: number;
  readonly sentAtMs: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

export interface Scene {
  readonly frames: number;
  /** Frames that are sent while the call is paused: the first, and the first behind it. */
  readonly paused?: readonly [number, number];
  readonly guardMs?: number;
  /** While these frames are sent the media thread stands still; then it reads what came. */
  readonly stalled?: readonly [number, number];
  /** What is on its way; undefined: the device sends nothing. */
  sender?(frame: SentFrame): SentFrame | undefined;
  /** Ms on the way; undefined: lost. */
  delay?(index: number): number | undefined;
}

export interface Outcome {
  readonly kept: ReadonlySet<number>;
  /** Ms beside where the frame belongs, by when it was sent; the first frame lies right. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly leaked: readonly number[];
  readonly counts: Readonly<Record<string, number>>;
  readonly reasonChanges: readonly ReasonChange[];
  readonly folder: string;
}

/** Plays a scene in virtual time through a real stream, and reads its files. */
export async function play(scene: Scene): Promise<Outcome> {
  const { frames, paused, guardMs = 0, sender = (one) => one, delay = () => 0 } = scene;
  const folder = temporaryFolder();
  const call = new VirtualCall(folder, new CallClock(), guardMs);
  const stream = call.stream(spec);
  const events: { atMs: number; run(): void }[] = [];
  const sentAt = new Map<number, number>();
  const [stallMs = 0, wakeMs = 0] = (scene.stalled ?? []).map((at) => BEGUN_MS + at * FRAME_MS);
  const readAt = (atMs: number) => (atMs >= stallMs && atMs < wakeMs ? wakeMs : atMs);
  call.cameAfterMs = (readAtMs) => (readAtMs === wakeMs ? stallMs : readAtMs);
  for (let index = 0; index < frames; index += 1) {
    const sentAtMs = BEGUN_MS + index * FRAME_MS;
    const usual = { index, sentAtMs, sequence: index, timestamp: index * FRAME, ssrc: 1 };
    const frame = sender(usual);
    const delayMs = delay(index);
    if (!frame || delayMs === undefined) continue;
    sentAt.set(index, frame.sentAtMs);
    const { sequence, timestamp, ssrc } = frame;
    const packet = buildRtp({ payloadType: 0, sequence, timestamp, ssrc }, markerFrame(1, index));
    const atMs = frame.sentAtMs + delayMs;
    events.push({ atMs, run: () => call.receive(stream, packet, readAt(atMs)) });
  }
  const [from, until] = paused ?? [frames, frames];
  const [shutMs, openMs] = [from, until].map((index) => BEGUN_MS + index * FRAME_MS - 1);
  if (paused && shutMs !== undefined && openMs !== undefined) {
    events.push({
      atMs: shutMs,
      run: () => call.command('shut', shutMs, { readAtMs: readAt(shutMs) }),
    });
    events.push({
      atMs: openMs,
      run: () => call.command('open', openMs, { readAtMs: readAt(openMs) }),
    });
  }
  for (const { run } of events.sort((a, b) => a.atMs - b.atMs)) run();
  const { packets, reasonChanges } = await call.close(stream);
  const offsets = await offsetsOf(call, sentAt);
  const leaked = [...offsets.keys()].filter((index) => index >= from && index < until);
  return {
    kept: new Set(offsets.keys()),
    offsets,
    leaked,
    counts: { ...packets },
    reasonChanges,
    folder,
  };
}

async function offsetsOf(
  call: VirtualCall,
  sentAt: ReadonlyMap<number, number>,
): Promise<Map<number, number>> {
  const places = new Map<number, number>();
  for (const { position, audio } of await call.runs(0)) {
    for (const { index, offset } of findMarkers(audio)) {
      places.set(index, ((position + offset) * FRAME_MS) / FRAME - (sentAt.get(index) ?? 0));
    }
  }
  const first = places.get(Math.min(...places.keys())) ?? 0;
  return new Map([...places].map(([index, place]) => [index, place - first]));
}

/** Frames from `from` up to `until`. */
export function range(from: number, until: number): number[] {
  return Array.from({ length: until - from }, (_, at) => from + at);
}
