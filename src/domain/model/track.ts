import type { GapReason, ReasonChange } from './gap.ts';
import type { StreamPresence } from './stream-presence.ts';

/**
 * One stream's track. Positions are units of its RTP clock on the call's clock, 0 at the call's
 * first packet.
 */
export interface TrackRecord {
  readonly callId: string;
  readonly track: number;
  readonly label: string;
  readonly aor: string | null;
  readonly role: 'agent' | 'other';
  readonly codec: Codec;
  /** Rate of the RTP clock, Hz; positions count in it (8000 for G.722, RFC 3551 section 4.5.2). */
  readonly clockRate: number;
  /** Several participants in one stream, which then belongs to no single party. */
  readonly mixed: boolean;
  readonly startPosition: number | null;
  readonly endPosition: number | null;
  /**
   * Owner that held the recorder when the stream began; null where its first packet was recorded.
   */
  readonly initialReason: GapReason | null;
  /** Time of position 0; null until the stream's first packet. */
  readonly clockOrigin: ClockOrigin | null;
  /** Changes within gaps, in order: for example a Pause during a hold. */
  readonly reasonChanges: readonly ReasonChange[];
  readonly packets: PacketCounts;
  /** Time during which its time line was off by more than 20 ms. */
  readonly clockWrongMs: number;
  /** Null for recordings of an older release. */
  readonly presence: StreamPresence | null;
}

/**
 * The instant of a call's first packet, on the machine's monotonic clock and on the wall clock: the
 * first is valid for every process of the same boot, however the second jumps.
 */
export interface ClockOrigin {
  /** Unix ms */
  readonly at: number;
  readonly monotonicMs: number;
  readonly bootId: string;
}

/** Recorded codecs, stored as received: nothing is transcoded before it is sealed. */
export const codecs = ['PCMU', 'PCMA', 'G722', 'L16', 'OPUS'] as const;
export type Codec = (typeof codecs)[number];

/** Counts every datagram that reached the stream's port by its fate, and lost packets. */
export interface PacketCounts {
  readonly received: number;
  readonly kept: number;
  /** Arrived while an owner held: dropped, never stored. */
  readonly gated: number;
  readonly duplicate: number;
  /** RFC 4733 telephone-event: never stored. */
  readonly dtmf: number;
  /** RFC 3389: announces silence, and does not count as such. */
  readonly comfortNoise: number;
  /** Numbers that never came, by the sources' counting (RFC 3550 appendix A.3). */
  readonly lost: number;
  /** Arrived after a packet that was sent later. */
  readonly reordered: number;
  /** SRTP with a wrong tag, or replayed (RFC 3711 section 3.3). */
  readonly unauthenticated: number;
  /** Malformed, or of a payload type that was not negotiated. */
  readonly unusable: number;
  /** Valid RTP of another source than the client's. */
  readonly foreign: number;
  /** Erased in memory because a fence was not confirmed, or because the disk refused it. */
  readonly erased: number;
  /** Dropped by the system, not read in time: among the lost, not the received. */
  readonly overflowed: number;
}

export const noPackets: PacketCounts = {
  received: 0,
  kept: 0,
  gated: 0,
  duplicate: 0,
  dtmf: 0,
  comfortNoise: 0,
  lost: 0,
  reordered: 0,
  unauthenticated: 0,
  unusable: 0,
  foreign: 0,
  erased: 0,
  overflowed: 0,
};
