/*
 * A page of Ogg (RFC 3533 section 6). Integers are little-endian.
 *
 *   0  "OggS"
 *   4  u8   version, 0
 *   5  u8   flags: 2 first page, 4 last page of the stream
 *   6  i64  granule position
 *  14  u32  serial number of the stream
 *  18  u32  number of the page
 *  22  u32  CRC of the whole page, itself taken as 0
 *  26  u8   number of lacing values
 *  27  lacing values, then packets
 */
const HEADER_BYTES = 27;
const CRC_POLYNOMIAL = 0x04c11db7;
const FULL_LACING = 255;
export const MAX_LACING_VALUES = 255;

export const PageFlag = { None: 0, First: 2, Last: 4 } as const;
export type PageFlag = (typeof PageFlag)[keyof typeof PageFlag];

export interface PageHeader {
  readonly flag: PageFlag;
  readonly granule: number;
  readonly serial: number;
  readonly number: number;
}

/** Returns the number of lacing values for a packet of that size that ends in its page. */
export function lacingValuesOf(bytes: number): number {
  return Math.floor(bytes / FULL_LACING) + 1;
}

/** @param packets whole ones, of at most `MAX_LACING_VALUES` lacing values together */
export function buildPage(header: PageHeader, packets: readonly Uint8Array[]): Buffer {
  const lacing = packets.flatMap(({ length }) => [
    ...new Array<number>(lacingValuesOf(length) - 1).fill(FULL_LACING),
    length % FULL_LACING,
  ]);
  if (lacing.length > MAX_LACING_VALUES) throw new RangeError('a page of Ogg holds no more');
  const head = Buffer.alloc(HEADER_BYTES + lacing.length);
  head.write('OggS', 0, 'latin1');
  head.writeUInt8(header.flag, 5);
  head.writeBigInt64LE(BigInt(header.granule), 6);
  head.writeUInt32LE(header.serial, 14);
  head.writeUInt32LE(header.number, 18);
  head.writeUInt8(lacing.length, 26);
  head.set(lacing, HEADER_BYTES);
  const page = Buffer.concat([head, ...packets]);
  page.writeUInt32LE(crcOf(page), 22);
  return page;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? CRC_POLYNOMIAL : 0);
  return crc;
});

function crcOf(page: Uint8Array): number {
  let crc = 0;
  for (const byte of page) crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] as number);
  return crc >>> 0;
}
