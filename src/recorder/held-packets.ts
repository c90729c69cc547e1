import type { RtpPacket } from '../protocols/rtp/packet.ts';

/** A packet that is held in memory: a header as it came, and a copy of its payload. */
export interface HeldPacket extends RtpPacket {
  readonly data: Buffer;
  readonly arrivedAtMs: number;
}

/** Copies the packet; its payload then is all of `data`. */
export function holdPacket(packet: RtpPacket, datagram: Buffer, arrivedAtMs: number): HeldPacket {
  const data = Buffer.from(datagram.subarray(packet.payloadStart, packet.payloadEnd));
  return { ...packet, data, payloadStart: 0, payloadEnd: data.length, arrivedAtMs };
}

/** Overwrites what nobody will hear. */
export function wipe(packets: readonly HeldPacket[]): void {
  for (const { data } of packets) data.fill(0);
}
