import { type Media, type Session, write } from 'sdp-transform';
import { inlineParameters } from './crypto-attribute.ts';
import type { SdpCrypto, SdpDirection, SdpMedia, SdpOffer, SdpPayload } from './types.ts';

interface SessionFields {
  /** Address of the o-line and c-line, IPv4 or IPv6, for receiving and sending media. */
  readonly address: string;
  /** Decimal digits, constant throughout a dialog. */
  readonly sessionId: string;
  /** Rises by one with every changed description (RFC 3264 section 8). */
  readonly sessionVersion: number;
}

interface Transport {
  /** Protection of our own packets; in an answer, the chosen one. */
  readonly crypto?: SdpCrypto | undefined;
  /** RFC 5761 */
  readonly rtcpMux?: boolean;
}

export interface AnswerMedia extends Transport {
  readonly index: number;
  /** 0 refuses the m-line. */
  readonly port: number;
  /** Chosen from the offer's payload types, preferred first. */
  readonly payloadTypes: readonly number[];
  readonly direction: SdpDirection;
}

export interface AnswerOptions extends SessionFields {
  readonly offer: SdpOffer;
  readonly media: readonly AnswerMedia[];
}

export interface OfferMedia extends Transport {
  readonly port: number;
  readonly label: string;
  readonly payloads: readonly SdpPayload[];
  /** Omitted: no direction attribute, as from clients that hold by address alone. */
  readonly direction?: SdpDirection | undefined;
}

export interface OfferOptions extends SessionFields {
  readonly media: readonly OfferMedia[];
}

/**
 * Builds one m-line for each of the offer's, in order (RFC 3264 section 6), with its label. An
 * m-line missing in `media`, or without an offered payload type among the chosen ones, is refused.
 */
export function buildAnswer(options: AnswerOptions): string {
  const media = options.offer.media.map((offered) => {
    const chosen = options.media.find((candidate) => candidate.index === offered.index);
    const payloads = chosen ? choosePayloads(offered, chosen.payloadTypes) : [];
    if (!chosen || chosen.port === 0 || payloads.length === 0) return refusedLine(offered);
    return {
      ...mediaLine(chosen.port, payloads, chosen.direction),
      ...transport(chosen),
      type: offered.kind,
      protocol: offered.protocol,
      ...(offered.label === undefined ? {} : { label: offered.label }),
    };
  });
  return writeSession(options, media);
}

/** Builds the audio m-lines of a Session Recording Client (RFC 7866 section 7.1.1), with labels. */
export function buildOffer(options: OfferOptions): string {
  const media = options.media.map((line) => ({
    ...mediaLine(line.port, line.payloads, line.direction),
    ...transport(line),
    protocol: line.crypto ? 'RTP/SAVP' : 'RTP/AVP',
    label: line.label,
  }));
  return writeSession(options, media);
}

function transport({ crypto, rtcpMux }: Transport): Pick<Media, 'crypto' | 'rtcpMux'> {
  return {
    ...(rtcpMux ? { rtcpMux: 'rtcp-mux' } : {}),
    ...(crypto
      ? { crypto: [{ id: crypto.tag, suite: crypto.suite, config: inlineParameters(crypto.key) }] }
      : {}),
  };
}

function choosePayloads(offered: SdpMedia, payloadTypes: readonly number[]): SdpPayload[] {
  return payloadTypes.flatMap((type) =>
    offered.payloads.filter((payload) => payload.payloadType === type),
  );
}

function refusedLine(offered: SdpMedia): Media {
  return {
    type: offered.kind,
    port: 0,
    protocol: offered.protocol,
    payloads: offered.formats.join(' '),
    rtp: [],
    fmtp: [],
  };
}

function mediaLine(
  port: number,
  payloads: readonly SdpPayload[],
  direction: SdpDirection | undefined,
): Media {
  return {
    type: 'audio',
    port,
    protocol: 'RTP/AVP',
    payloads: payloads.map((payload) => payload.payloadType).join(' '),
    rtp: payloads.map((payload) => ({
      payload: payload.payloadType,
      codec: rtpmapName(payload.encoding),
      rate: payload.clockRate,
      ...(payload.channels > 1 ? { encoding: payload.channels } : {}),
    })),
    fmtp: payloads.flatMap((payload) =>
      payload.fmtp === undefined ? [] : [{ payload: payload.payloadType, config: payload.fmtp }],
    ),
    ...(direction === undefined ? {} : { direction }),
  };
}

/** Returns the name as registered: RFC 4855 ignores case, but some clients do not. */
function rtpmapName(encoding: string): string {
  return encoding === 'TELEPHONE-EVENT' || encoding === 'OPUS' ? encoding.toLowerCase() : encoding;
}

function writeSession(fields: SessionFields, media: Media[]): string {
  const version = fields.address.includes(':') ? 6 : 4;
  const session: Session = {
    version: 0,
    origin: {
      username: '-',
      sessionId: fields.sessionId,
      sessionVersion: fields.sessionVersion,
      netType: 'IN',
      ipVer: version,
      address: fields.address,
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    connection: { version, ip: fields.address },
    media,
  };
  return write(session);
}
