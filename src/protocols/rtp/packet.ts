/**
 * Parsed view of an RTP packet (RFC 3550 section 5.1); the payload stays in the received buffer.
 */
export interface RtpPacket {
  payloadType: number;
  marker: boolean;
  /** 0 to 65,535 */
  sequence: number;
  /** 0 to 2^32-1, in units of the payload's clock rate */
  timestamp: number;
  ssrc: number;
  payloadStart: number;
  payloadEnd: number;
}

export const RTP_HEADER_BYTES = 12;

export function emptyRtpPacket(): RtpPacket {
  return {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/**
 * Parses the first `length` bytes into `target`, so that the path of a packet allocates nothing.
 * Returns false for anything other than a whole RTP version 2 packet: bad version, header,
 * extension or padding running past the end.
 */
export function parseRtp(data: Buffer, target: RtpPacket, length = data.length): boolean {
  if (length < RTP_HEADER_BYTES) return false;
  const first = data[0] as number;
  if (first >> 6 !== 2) return false;
  const second = data[1] as number;
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (start + 4 > length) return false;
    start += 4 + (((data[start + 2] as number) << 8) | (data[start + 3] as number)) * 4;
  }
  let end = length;
  if (first & 0x20) {
    const padding = data[length - 1] as number;
    if (padding === 0) return false;
    end -= padding;
  }
  if (start > end) return false;
  target.payloadType = second & 0x7f;
  target.marker = (second & 0x80) !== 0;
  target.sequence = ((data[2] as number) << 8) | (data[3] as number);
  target.timestamp = data.readUInt32BE(4);
  target.ssrc = data.readUInt32BE(8);
  target.payloadStart = start;
  target.payloadEnd = end;
  return true;
}

export interface RtpFields {
  readonly payloadType: number;
  readonly marker?: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
}

/** Builds one packet; `sequence` and `timestamp` wrap as on the wire. */
export function buildRtp(fields: RtpFields, payload: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length);
  packet[0] = 0x80;
  packet[1] = (fields.marker ? 0x80 : 0) | fields.payloadType;
  packet.writeUInt16BE(fields.sequence & 0xffff, 2);
  packet.writeUInt32BE(fields.timestamp >>> 0, 4);
  packet.writeUInt32BE(fields.ssrc >>> 0, 8);
  packet.set(payload, RTP_HEADER_BYTES);
  return packet;
}
