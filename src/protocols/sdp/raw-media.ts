import { parseCrypto } from './crypto-attribute.ts';
import { type SdpCrypto, SdpError } from './types.ts';

/** The m-line, label and keys as they were written. */
export interface RawMedia {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  readonly label: string | undefined;
  readonly crypto: readonly SdpCrypto[];
}

export const MAX_SDP_CHARACTERS = 65_536;
/** Limit on all lines: an unused attribute costs as much to read as a used one. */
export const MAX_SDP_LINES = 1_000;
export const MAX_SDP_LINE_CHARACTERS = 4_096;
export const MAX_SDP_MEDIA = 64;
/** Key offers on one m-line that are examined. */
const MAX_CRYPTO = 16;

const LF = 0x0a;
const CR = 0x0d;

/** `m=<media> <port>[/<count>] <proto> <fmt> ...`, RFC 8866 section 5.14 */
const mediaLine = /^m=(\S+) +(\d{1,5})(?:\/\d+)? +(\S+)((?: +\S+)*) *$/;

/**
 * Reads from the lines themselves what `sdp-transform` loses: it turns labels into numbers, and
 * skips an m-line with a port count. Throws SdpError past a bound, without m-line, or for a
 * malformed one.
 */
export function readRawMedia(text: string): RawMedia[] {
  if (text.length > MAX_SDP_CHARACTERS) throw new SdpError('tooLarge');
  if (lineCount(text) > MAX_SDP_LINES) throw new SdpError('tooManyLines');
  const media: RawMedia[] = [];
  for (const line of linesOf(text)) {
    if (line.length > MAX_SDP_LINE_CHARACTERS) throw new SdpError('tooLarge');
    const current = media.at(-1);
    if (line.startsWith('m=')) {
      if (media.length === MAX_SDP_MEDIA) throw new SdpError('tooManyMedia');
      media.push(readMediaLine(line));
    } else if (current && line.startsWith('a=label:')) {
      media[media.length - 1] = { ...current, label: labelOf(line) };
    } else if (current && line.startsWith('a=crypto:') && current.crypto.length < MAX_CRYPTO) {
      const crypto = parseCrypto(line.slice('a=crypto:'.length));
      if (crypto) media[media.length - 1] = { ...current, crypto: [...current.crypto, crypto] };
    }
  }
  if (media.length === 0) throw new SdpError('noMedia');
  return media;
}

export function linesOf(text: string): string[] {
  return text.split(/\r\n|\r|\n/);
}

/** Counts lines without reading them; text after the last line's end is no line. */
function lineCount(text: string): number {
  let count = 0;
  let isOpen = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const endsLine = code === LF ? text.charCodeAt(at - 1) !== CR : code === CR;
    if (endsLine) count += 1;
    isOpen = code !== LF && code !== CR;
  }
  return isOpen ? count + 1 : count;
}

/** Returns the label without invisible characters, as in the metadata that names it. */
function labelOf(line: string): string {
  const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
  return line.slice('a=label:'.length).replace(unseen, '').trim();
}

function readMediaLine(line: string): RawMedia {
  const [, kind, portText, protocol, formatText] = mediaLine.exec(line) ?? [];
  const port = Number(portText);
  if (kind === undefined || protocol === undefined || !(port <= 65_535)) {
    throw new SdpError('malformed');
  }
  const formats = (formatText ?? '').split(' ').filter((format) => format !== '');
  return { kind, port, protocol, formats, label: undefined, crypto: [] };
}
