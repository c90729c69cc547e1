import { FRAME_MS, type FrameTimes } from '../simulator/rtp-sender.ts';
import type { SimulatedParticipant } from '../simulator/session-recording-client.ts';
import type { SimulatedCodec } from '../simulator/stream-format.ts';
import { markerPayload } from './codec-markers.ts';
import type { Impairment } from './impairments.ts';
import type { DeviceFrame, Leg } from './judge.ts';
import { Path, type PathShape } from './path.ts';

export interface NumberedLegOptions {
  readonly random: () => number;
  readonly codec?: SimulatedCodec | undefined;
  readonly impairment?: ((random: () => number) => Impairment) | undefined;
  /** A party's network; undefined: it delays nothing. */
  readonly path?: ((random: () => number, party: number) => PathShape | undefined) | undefined;
  nextTag(): number;
}

interface NumberedLeg {
  readonly participant: SimulatedParticipant;
  readonly leg: Leg;
  readonly path: Path | undefined;
}

/** Returns a participant whose every frame is numbered, with the record of its sent frames. */
export function numberedLeg({
  aor,
  party,
  ...options
}: NumberedLegOptions & { readonly aor: string; readonly party: number }): NumberedLeg {
  const { impairment, random, codec = 'PCMU' } = options;
  const tag = options.nextTag();
  const shape = options.path?.(random, party);
  const path = shape && new Path(shape, random);
  const impair = path?.impair ?? impairment?.(random);
  const onTheirWay = new Map<number, DeviceFrame>();
  const leg: Leg = {
    tag,
    party: aor,
    frames: [],
    disturbedAtMs: [],
    path,
    constantsMs: path?.constantsMs ?? [],
    endedAtMs: Number.POSITIVE_INFINITY,
  };
  const participant: SimulatedParticipant = {
    aor,
    source: (index) => markerPayload(codec, tag, index),
    onFrame: (index: number, times: FrameTimes) => {
      const frame: DeviceFrame = { index, ...times, arrivedAtMs: undefined };
      onTheirWay.set(index, frame);
      noteKitStall(leg, frame);
      leg.frames.push(frame);
    },
    onSent: (index, _, sentAtMs) => {
      const frame = onTheirWay.get(index);
      if (frame) frame.arrivedAtMs = sentAtMs;
      onTheirWay.delete(index);
    },
    ...(impair ? { impair } : {}),
  };
  return { participant, leg, path };
}

/** Notes that a kit that could not send for long puts its clock back, as a broken sender does. */
function noteKitStall({ frames, disturbedAtMs }: Leg, frame: DeviceFrame): void {
  const last = frames.at(-1);
  if (!last) return;
  const evenMs = (frame.index - last.index) * FRAME_MS;
  if (Math.abs(frame.dueAtMs - last.dueAtMs - evenMs) <= FRAME_MS / 2) return;
  disturbedAtMs.push(last.sentAtMs, frame.sentAtMs);
}
