const FIXED_HEADER_BYTES = 12;

/**
 * Returns the length of the RTP header in the first `end` bytes, with CSRCs and extension: the part
 * that SRTP leaves in the clear (RFC 3711 section 3.1). -1 if it is no RTP or runs past the end.
 */
export function rtpHeaderBytes(packet: Buffer, end: number): number {
  if (end < FIXED_HEADER_BYTES) return -1;
  const first = packet[0] as number;
  if (first >> 6 !== 2) return -1;
  let bytes = FIXED_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (bytes + 4 > end) return -1;
    bytes += 4 + packet.readUInt16BE(bytes + 2) * 4;
  }
  return bytes > end ? -1 : bytes;
}
