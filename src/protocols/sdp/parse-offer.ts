import { isIP } from 'node:net';
import { type Media, parse, type Session } from 'sdp-transform';
import { type RawMedia, readRawMedia } from './raw-media.ts';
import { staticPayload } from './static-payloads.ts';
import {
  type SdpDirection,
  SdpError,
  type SdpMedia,
  type SdpOffer,
  type SdpPayload,
} from './types.ts';

const directions: readonly string[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
const nullAddresses: readonly string[] = ['0.0.0.0', '::'];

/**
 * Reads an offer or an answer (RFC 8866, RFC 3264). Throws SdpError, and nothing else, for a text
 * past the bounds of `raw-media.ts`, without an m-line, or with one that cannot be read.
 */
export function parseOffer(text: string): SdpOffer {
  const raw = readRawMedia(text);
  const session = parseSession(text);
  if (session.media.length !== raw.length) throw new SdpError('malformed');
  const version = session.origin?.sessionVersion;
  return {
    sessionVersion: version === undefined ? undefined : String(version),
    media: raw.map((line, index) => toMedia(line, index, session)),
  };
}

function parseSession(text: string): Session {
  try {
    return parse(text);
  } catch {
    throw new SdpError('malformed');
  }
}

function toMedia(raw: RawMedia, index: number, session: Session): SdpMedia {
  const media = session.media[index];
  if (!media) throw new SdpError('malformed');
  const written = (media.connection ?? session.connection)?.ip;
  const address = written === undefined ? undefined : String(written).split('/')[0];
  const onHold = address !== undefined && nullAddresses.includes(address);
  return {
    index,
    kind: raw.kind.toLowerCase(),
    port: raw.port,
    protocol: raw.protocol,
    direction: onHold ? 'inactive' : toDirection(media.direction ?? session.direction),
    connectionAddress: address,
    label: raw.label,
    formats: raw.formats,
    payloads: toPayloads(raw.formats, media),
    ptimeMs: toPositive(media.ptime),
    crypto: raw.crypto,
    rtcpMux: media.rtcpMux !== undefined,
    rtcp: toRtcp(media),
  };
}

function toDirection(written: string | undefined): SdpDirection {
  return isDirection(written) ? written : 'sendrecv';
}

function toRtcp({ rtcp }: Media): SdpMedia['rtcp'] {
  const port = Number(rtcp?.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const address = rtcp?.address;
  return { port, address: address !== undefined && isIP(address) > 0 ? address : undefined };
}

function isDirection(text: string | undefined): text is SdpDirection {
  return text !== undefined && directions.includes(text);
}

function toPayloads(formats: readonly string[], media: Media): SdpPayload[] {
  const payloads = new Map<number, SdpPayload>();
  for (const format of formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : 128;
    if (payloadType > 127 || payloads.has(payloadType)) continue;
    const payload = toPayload(payloadType, media);
    if (payload) payloads.set(payloadType, payload);
  }
  return [...payloads.values()];
}

function toPayload(payloadType: number, media: Media): SdpPayload | undefined {
  const fmtpLine = media.fmtp.find((line) => Number(line.payload) === payloadType);
  const fmtp = fmtpLine === undefined ? undefined : String(fmtpLine.config);
  const rtpmap = media.rtp.find((line) => Number(line.payload) === payloadType);
  if (!rtpmap) {
    const known = staticPayload(payloadType);
    return known && { payloadType, ...known, fmtp };
  }
  const encoding = String(rtpmap.codec).toUpperCase();
  const clockRate = toPositive(rtpmap.rate) ?? staticPayload(payloadType)?.clockRate;
  if (encoding === '' || clockRate === undefined) return undefined;
  return { payloadType, encoding, clockRate, channels: toPositive(rtpmap.encoding) ?? 1, fmtp };
}

function toPositive(value: string | number | undefined): number | undefined {
  const number = Number(value);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}
