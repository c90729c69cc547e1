import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from 'node:zlib';

/** A body that is not read: its status, and what would have been. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly statusCode: 400 | 413 | 415;
  readonly headers: Readonly<Record<string, string>>;

  constructor(statusCode: BodyError['statusCode'], message: string, headers = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}

type Decoder = (bytes: Buffer, options: ZlibOptions) => Promise<Buffer>;

const unzipped: Decoder = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflated: Decoder = promisify<Buffer, ZlibOptions, Buffer>(inflate);
const rawInflated: Decoder = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const unbrotlied: Decoder = promisify<Buffer, ZlibOptions, Buffer>(brotliDecompress);

/** RFC 9110 section 8.4.1. Some write `deflate` without the header that zlib gives it. */
const decoders: Readonly<Record<string, Decoder>> = {
  gzip: unzipped,
  'x-gzip': unzipped,
  deflate: (bytes, options) => (hasZlibHeader(bytes) ? inflated : rawInflated)(bytes, options),
  br: unbrotlied,
};

/**
 * The body as it was before its `Content-Encoding`, of which there may be one.
 * @throws BodyError 415 for an encoding that is not known, 413 for more than `maxBytes`
 */
export async function decodedBody(
  bytes: Buffer,
  contentEncoding: string,
  maxBytes: number,
): Promise<Buffer> {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const [coding, ...more] = codings;
  if (coding === undefined) return bytes;
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (!decoder || more.length > 0) {
    // RFC 9110 section 15.5.16
    throw new BodyError(415, 'The content encoding is not known.', {
      'Accept-Encoding': 'gzip, deflate, br',
    });
  }
  try {
    return await decoder(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') {
      throw new BodyError(400, 'The body is not what its content encoding says.');
    }
    throw new BodyError(413, 'The body is too large.');
  }
}

/** RFC 1950 section 2.2: method 8, and a check of both bytes. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length > 1 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

const utf8 = new TextDecoder();

/** Their byte order is told by the text, as it is by no name but those that say it. */
const eitherOrder = ['utf-16', 'unicode', 'ucs-2', 'iso-10646-ucs-2', 'csunicode'];

/**
 * JSON as text. A byte order mark counts before the charset; UTF-16 without either is told by the
 * first character of JSON, which is one of ASCII.
 * @throws BodyError 415 for a charset that is not known, 400 for what is none of its text
 */
export function textOf(bytes: Buffer, contentType: string | undefined): string {
  const encoding = markedEncoding(bytes) ?? namedEncoding(bytes, charsetOf(contentType));
  // Invalid UTF-8 has always been read with replacements; clients rely on it.
  if (encoding === 'utf-8') return utf8.decode(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new BodyError(400, 'The body is not what its charset says.');
  }
}

function charsetOf(contentType = ''): string {
  const match = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(contentType);
  const named = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/^[\s']+|[\s']+$/g, '');
  // .NET's names have no hyphen, such as `utf16`.
  return named.replace(/^utf(?=\d)/, 'utf-') || 'utf-8';
}

function markedEncoding(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function namedEncoding(bytes: Buffer, charset: string): string {
  if (eitherOrder.includes(charset)) return bytes[0] === 0 ? 'utf-16be' : 'utf-16le';
  // Many that send UTF-8 call it so.
  if (charset === 'utf-8' || charset === 'us-ascii' || charset === 'ascii') return 'utf-8';
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    throw new BodyError(415, 'The charset is not known.');
  }
}
