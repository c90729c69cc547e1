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
export const MAX_SDP_LINE_CHARACTERS = 4_096;
export const MAX_SDP_MEDIA = 16;
/** More offers of keys than this on one m-line are not looked at. */
const MAX_CRYPTO = 16;

/** `m=<media> <port>[/<count>] <proto> <fmt> ...`, RFC 8866 section 5.14 */
const mediaLine = /^m=(\S+) +(\d{1,5})(?:\/\d+)? +(\S+)((?: +\S+)*) *$/;

/**
 * Reads from the lines themselves what `sdp-transform` loses: it makes numbers of labels, and skips
 * an m-line with a port count. Throws SdpError past a bound, without m-line, or for a broken one.
 */
export function readRawMedia(text: string): RawMedia[] {
  if (text.length > MAX_SDP_CHARACTERS) throw new SdpError('tooLarge');
  const media: RawMedia[] = [];
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line.length > MAX_SDP_LINE_CHARACTERS) throw new SdpError('tooLarge');
    const current = media.at(-1);
    if (line.startsWith('m=')) {
      if (media.length === MAX_SDP_MEDIA) throw new SdpError('tooManyMedia');
      media.push(readMediaLine(line));
    } else if (current && line.startsWith('a=label:')) {
      media[media.length - 1] = { ...current, label: line.slice('a=label:'.length).trim() };
    } else if (current && line.startsWith('a=crypto:') && current.crypto.length < MAX_CRYPTO) {
      const crypto = parseCrypto(line.slice('a=crypto:'.length));
      if (crypto) media[media.length - 1] = { ...current, crypto: [...current.crypto, crypto] };
    }
  }
  if (media.length === 0) throw new SdpError('noMedia');
  return media;
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
