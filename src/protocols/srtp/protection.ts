/** A UDP datagram is never longer. */
export const MAX_DATAGRAM_BYTES = 65_535;

/** A packet's place in its stream; one object is reused for every packet. */
export interface PacketPlace {
  ssrc: number;
  /** Upper 32 bits of the 48-bit packet index: the rollover counter of SRTP. */
  high: number;
  /** Lower 16 bits: the sequence number of SRTP. */
  low: number;
}

/**
 * One direction's cipher and authentication. A packet is `[0, start)` in the clear, `[start, end)`
 * encrypted; `trailer` is authenticated with it. Everything happens in place.
 */
export interface Protection {
  readonly tagBytes: number;
  /** Returns false, with the packet unchanged, if the tag is wrong. */
  open(packet: Buffer, span: PacketSpan, place: PacketPlace): boolean;
  /** Encrypts and writes the tag. */
  seal(packet: Buffer, span: PacketSpan, place: PacketPlace): void;
}

export interface PacketSpan {
  start: number;
  end: number;
  /** Beginning of the tag. */
  tag: number;
  /** Beginning of the word with the SRTCP index; -1 in SRTP. */
  word: number;
  /** False if the E bit of SRTCP says that it is only authenticated. */
  encrypted: boolean;
}
