import type { RtpPacket } from '../../protocols/rtp/packet.ts';

/** A packet held in memory: its header as it came, and a copy of its payload. */
export interface HeldPacket extends RtpPacket {
  readonly data: Buffer;
  readonly arrivedAtMs: number;
  /** Earliest time it can have come; less than `arrivedAtMs` where its thread stood still. */
  readonly cameAfterMs: number;
}

/** Time when a packet was read, and how much earlier it may have come. Monotonic ms. */
export interface Arrival {
  readonly atMs: number;
  readonly afterMs: number;
}

/** Moves the payload out of the datagram, leaving zeros there; it becomes all of `data`. */
export function holdPacket(packet: RtpPacket, datagram: Buffer, arrival: Arrival): HeldPacket {
  const { payloadStart, payloadEnd } = packet;
  const data = Buffer.from(datagram.subarray(payloadStart, payloadEnd));
  datagram.fill(0, payloadStart, payloadEnd);
  const { atMs: arrivedAtMs, afterMs: cameAfterMs } = arrival;
  return { ...packet, data, payloadStart: 0, payloadEnd: data.length, arrivedAtMs, cameAfterMs };
}

/** Overwrites packets that will not be recorded. */
export function wipe(packets: readonly HeldPacket[]): void {
  for (const { data } of packets) data.fill(0);
}
