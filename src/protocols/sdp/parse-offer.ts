import { isIP } from 'node:net';
import { type Fmtp, type Media, parse, type Rtpmap, type Session } from 'sdp-transform';
import { linesOf, type RawMedia, readRawMedia } from './raw-media.ts';
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
 * The lines that are read here. `sdp-transform` tries every other one on all attributes that it
 * knows.
 */
const readLine =
  /^(?:[vosc]=|m=|a=(?:rtpmap:|fmtp:|ptime:|rtcp:|rtcp-mux|sendrecv|sendonly|recvonly|inactive))/;

/**
 * Reads an offer or an answer (RFC 8866, RFC 3264). Throws only SdpError: for a text past the
 * bounds of `raw-media.ts`, without an m-line, or with an unreadable one.
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
    return parse(
      linesOf(text)
        .filter((line) => readLine.test(line))
        .join('\r\n'),
    );
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
  const described = { rtp: byPayload(media.rtp), fmtp: byPayload(media.fmtp) };
  for (const format of formats) {
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : 128;
    if (payloadType > 127 || payloads.has(payloadType)) continue;
    const payload = toPayload(payloadType, described);
    if (payload) payloads.set(payloadType, payload);
  }
  return [...payloads.values()];
}

/** Indexes lines by format: the first of several counts. */
function byPayload<Line extends { payload: string | number }>(
  lines: readonly Line[],
): ReadonlyMap<number, Line> {
  const first = new Map<number, Line>();
  for (const line of lines) {
    const payloadType = Number(line.payload);
    if (!first.has(payloadType)) first.set(payloadType, line);
  }
  return first;
}

function toPayload(
  payloadType: number,
  described: { rtp: ReadonlyMap<number, Rtpmap>; fmtp: ReadonlyMap<number, Fmtp> },
): SdpPayload | undefined {
  const fmtpLine = described.fmtp.get(payloadType);
  const fmtp = fmtpLine === undefined ? undefined : String(fmtpLine.config);
  const rtpmap = described.rtp.get(payloadType);
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
