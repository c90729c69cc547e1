/** RFC 3550 section 12.1 */
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const SOURCE_DESCRIPTION = 202;
const CNAME = 1;

const HEADER_BYTES = 4;
const SENDER_INFO_BYTES = 20;
const BLOCK_BYTES = 24;
/** Seconds between 1900, where NTP begins, and 1970. */
const NTP_UNIX_SECONDS = 2_208_988_800;
/** SDES texts count their bytes in one byte (section 6.5). */
const MAX_CNAME_BYTES = 255;

/** A sender's report on its own clock (RFC 3550 section 6.4.1). */
export interface SenderReport {
  readonly ssrc: number;
  /** Unix ms with fraction; undefined where the sender has no wall clock. */
  readonly ntpMs: number | undefined;
  /** The middle 32 bits of its NTP time, which an answer repeats. */
  readonly ntpMiddle: number;
  readonly timestamp: number;
}

/** The parts of a compound packet that a recorder needs. */
export interface RtcpReading {
  /** SSRC of the sender. */
  readonly ssrc: number;
  readonly report: SenderReport | undefined;
  /** The sender's canonical name: streams that share it share a clock (section 6.5.1). */
  readonly cname: string | undefined;
}

/** Report on one source (RFC 3550 section 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Loss since the previous report, in 256ths. */
  readonly fractionLost: number;
  /** Loss since its first packet; negative after duplicates. */
  readonly lost: number;
  /** Its sequence number with the number of its cycles above the lower 16 bits. */
  readonly highestSequence: number;
  /** Units of the RTP clock. */
  readonly jitter: number;
  /** `ntpMiddle` of its last report; 0 before one. */
  readonly lastReport: number;
  /** Time since then, in 65536ths of a second. */
  readonly sinceLastReport: number;
}

/** Returns true for RTCP at a port that RTP and RTCP share (RFC 5761 section 4). */
export function isRtcp(datagram: Uint8Array): boolean {
  const second = datagram[1] ?? 0;
  return ((datagram[0] ?? 0) & 0xc0) === 0x80 && second >= 192 && second <= 223;
}

/** Returns undefined for anything other than a compound packet of RFC 3550 (appendix A.2). */
export function parseRtcp(datagram: Buffer): RtcpReading | undefined {
  const first = datagram[1];
  if (datagram.length < 2 * HEADER_BYTES) return undefined;
  if (first !== SENDER_REPORT && first !== RECEIVER_REPORT) return undefined;
  const ssrc = datagram.readUInt32BE(4);
  let report: SenderReport | undefined;
  let cname: string | undefined;
  for (let start = 0; start < datagram.length; ) {
    const end = endOf(datagram, start);
    if (end === undefined) return undefined;
    const packet = datagram.subarray(start, end);
    if (packet[1] === SENDER_REPORT) report ??= readSenderReport(packet);
    else if (packet[1] === SOURCE_DESCRIPTION) cname ??= readCname(packet, ssrc);
    start = end;
  }
  return { ssrc, report, cname };
}

export interface ReceiverReportFields {
  /** Our own. */
  readonly ssrc: number;
  readonly cname: string;
  /** Report on the source heard since the last report, if any. */
  readonly block: ReportBlock | undefined;
}

/** Builds a receiver report and the source description that must follow (RFC 3550 section 6.1). */
export function buildReceiverReport({ ssrc, cname, block }: ReceiverReportFields): Buffer {
  const report = Buffer.alloc(2 * HEADER_BYTES + (block ? BLOCK_BYTES : 0));
  writeHeader(report, block ? 1 : 0, RECEIVER_REPORT);
  report.writeUInt32BE(ssrc, 4);
  if (block) writeBlock(report.subarray(2 * HEADER_BYTES), block);
  const name = Buffer.from(cname).subarray(0, MAX_CNAME_BYTES);
  // The list of items ends with a null octet, and is padded with further ones.
  const itemBytes = Math.ceil((name.length + 3) / 4) * 4;
  const description = Buffer.alloc(2 * HEADER_BYTES + itemBytes);
  writeHeader(description, 1, SOURCE_DESCRIPTION);
  description.writeUInt32BE(ssrc, 4);
  description.set([CNAME, name.length, ...name], 2 * HEADER_BYTES);
  return Buffer.concat([report, description]);
}

function writeHeader(packet: Buffer, count: number, type: number): void {
  packet[0] = 0x80 | count;
  packet[1] = type;
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
}

function writeBlock(at: Buffer, block: ReportBlock): void {
  at.writeUInt32BE(block.ssrc, 0);
  at[4] = Math.min(255, block.fractionLost);
  at.writeIntBE(Math.max(-0x800000, Math.min(0x7fffff, block.lost)), 5, 3);
  at.writeUInt32BE(block.highestSequence % 2 ** 32, 8);
  at.writeUInt32BE(Math.min(0xffff_ffff, Math.round(block.jitter)), 12);
  at.writeUInt32BE(block.lastReport, 16);
  at.writeUInt32BE(Math.min(0xffff_ffff, Math.round(block.sinceLastReport)), 20);
}

/** Returns the end of the packet that begins at `start`; undefined for a malformed one. */
function endOf(datagram: Buffer, start: number): number | undefined {
  if (datagram.length - start < HEADER_BYTES) return undefined;
  if ((datagram[start] as number) >> 6 !== 2) return undefined;
  const end = start + (datagram.readUInt16BE(start + 2) + 1) * 4;
  return end > datagram.length ? undefined : end;
}

function readSenderReport(packet: Buffer): SenderReport | undefined {
  if (packet.length < 2 * HEADER_BYTES + SENDER_INFO_BYTES) return undefined;
  const [seconds, fraction] = [packet.readUInt32BE(8), packet.readUInt32BE(12)];
  const hasClock = seconds > NTP_UNIX_SECONDS;
  return {
    ssrc: packet.readUInt32BE(4),
    ntpMs: hasClock ? (seconds - NTP_UNIX_SECONDS) * 1000 + (fraction * 1000) / 2 ** 32 : undefined,
    ntpMiddle: packet.readUInt32BE(10),
    timestamp: packet.readUInt32BE(16),
  };
}

/** Returns the name of `ssrc`, if the first chunk is about it. */
function readCname(packet: Buffer, ssrc: number): string | undefined {
  if (packet.length < 2 * HEADER_BYTES || packet.readUInt32BE(4) !== ssrc) return undefined;
  for (let at = 2 * HEADER_BYTES; at + 2 <= packet.length && packet[at] !== 0; ) {
    const end = at + 2 + (packet[at + 1] as number);
    if (end > packet.length) return undefined;
    if (packet[at] === CNAME) return packet.toString('utf8', at + 2, end);
    at = end;
  }
  return undefined;
}
