import type { Codec } from '../../domain/model/track.ts';
import { opusSamples } from '../../protocols/rtp/opus-packet.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { MAX_PAYLOAD_BYTES } from './chunk-room.ts';
import type { AudioBytes } from './open-chunk.ts';

/** A packet at its place. One object serves all packets of the thread and is read at once. */
export interface Frame {
  codec: Codec;
  /** Units of the RTP clock since the time line began. */
  position: number;
  sequence: number;
  readonly packet: AudioBytes;
  /** Units before it for which the client deliberately sent nothing. */
  silentFor: number;
  /** Monotonic ms at which it was read. */
  arrivedAtMs: number;
  /** For digits: the event is over. */
  ended: boolean;
}

export function emptyFrame(): Frame {
  return {
    codec: 'PCMU',
    position: 0,
    sequence: 0,
    silentFor: 0,
    arrivedAtMs: 0,
    ended: false,
    packet: { data: Buffer.alloc(0), start: 0, end: 0, samples: 0 },
  };
}

/** Returns units of the RTP clock; 0 unless it is one whole packet of that codec, not too long. */
export function samplesIn(codec: Codec, datagram: Buffer, packet: RtpPacket): number {
  const { payloadStart, payloadEnd } = packet;
  const bytes = payloadEnd - payloadStart;
  if (bytes > MAX_PAYLOAD_BYTES) return 0;
  if (codec === 'OPUS') return opusSamples(datagram, payloadStart, payloadEnd);
  if (codec === 'L16') return bytes % 2 === 0 ? bytes / 2 : 0;
  return bytes;
}
