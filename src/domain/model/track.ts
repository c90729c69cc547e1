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
  /** Of the RTP clock, Hz; positions count in it (8000 for G.722, RFC 3551 section 4.5.2). */
  readonly clockRate: number;
  /** Several participants in one stream: it is no one party's. */
  readonly mixed: boolean;
  readonly startPosition: number | null;
  readonly endPosition: number | null;
  /**
   * Who held the recorder when the stream began; null where it was recorded from its first packet.
   */
  readonly initialReason: GapReason | null;
  /** When position 0 was; null until the stream's first packet. */
  readonly clockOrigin: ClockOrigin | null;
  /** Within gaps, in their order: a Pause during a hold, for one. */
  readonly reasonChanges: readonly ReasonChange[];
  readonly packets: PacketCounts;
  /** For how long its time line lay beside the stream's time by more than 20 ms. */
  readonly clockWrongMs: number;
  /** Null of what an older release recorded. */
  readonly presence: StreamPresence | null;
}

/**
 * The instant of a call's first packet, on the machine's monotonic clock and on the wall clock: the
 * first holds for another process of the same boot, however the second jumps.
 */
export interface ClockOrigin {
  /** Unix ms */
  readonly at: number;
  readonly monotonicMs: number;
  readonly bootId: string;
}

/** What is recorded, each as it came: nothing is transcoded before it is sealed. */
export const codecs = ['PCMU', 'PCMA', 'G722', 'L16', 'OPUS'] as const;
export type Codec = (typeof codecs)[number];

/** What became of every datagram that reached the stream's port, and what never reached it. */
export interface PacketCounts {
  readonly received: number;
  readonly kept: number;
  /** Arrived while an owner held: dropped, never stored. */
  readonly gated: number;
  readonly duplicate: number;
  /** RFC 4733 telephone-event: never stored. */
  readonly dtmf: number;
  /** RFC 3389: says that there is silence, and is none of it. */
  readonly comfortNoise: number;
  /** Numbers that never came, as the sources count (RFC 3550 appendix A.3). */
  readonly lost: number;
  /** Came behind a packet that was sent after them. */
  readonly reordered: number;
  /** SRTP with a wrong tag, or once more (RFC 3711 section 3.3). */
  readonly unauthenticated: number;
  /** Malformed, or of a payload type nobody negotiated. */
  readonly unusable: number;
  /** Valid RTP of another source than the client's. */
  readonly foreign: number;
  /** Erased in memory because a fence was not confirmed, or because the disk refused it. */
  readonly erased: number;
}
