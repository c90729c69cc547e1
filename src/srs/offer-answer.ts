import { isIP } from 'node:net';
import type { OfferedStream } from '../domain/lifecycle/offered-media.ts';
import {
  type MediaAgreement,
  type MediaSource,
  type RtcpRoute,
  type SrtpKeys,
  type SrtpPolicy,
  unnamedSource,
} from '../domain/model/media-agreement.ts';
import type { Codec } from '../domain/model/track.ts';
import type { SdpCrypto, SdpMedia, SdpOffer, SdpPayload } from '../protocols/sdp/types.ts';
import { isMixed, participantForLabel } from '../protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { chooseProtection } from './srtp-choice.ts';

/** Hush's choice for one m-line. */
export interface MediaChoice {
  readonly index: number;
  readonly stream: OfferedStream;
  /** All recorded types in the first one's clock: a client may change between them. */
  readonly payloadTypes: readonly number[];
  /** Key of our own packets. */
  readonly crypto: SdpCrypto | undefined;
  readonly rtcpMux: boolean;
}

/** Rules for choosing from an offer. */
export interface MediaRules {
  readonly srtp: SrtpPolicy;
  /** Returns the m-line's current keys. */
  keysOf(index: number): SrtpKeys | null;
}

/**
 * Formats that are recorded and can be played back: RTP clock rates, Hz, and channels (RFC 3551
 * section 4.5, RFC 7587 section 4.1).
 */
const recorded: Readonly<Record<string, { rates: readonly number[]; channels: number }>> = {
  PCMU: { rates: [8000], channels: 1 },
  PCMA: { rates: [8000], channels: 1 },
  G722: { rates: [8000], channels: 1 },
  L16: { rates: [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000], channels: 1 },
  OPUS: { rates: [48_000], channels: 2 },
} satisfies Record<Codec, { rates: readonly number[]; channels: number }>;

/** Codecs in which DTMF tones are not detected (docs/operate/siprec.md). */
const toneless: readonly string[] = ['G722', 'OPUS'] satisfies Codec[];

/** DTLS needs a handshake that no recording session has. */
const profiles: readonly string[] = ['RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF'];
/** Addresses that mean hold, not a destination. */
const nullAddresses: readonly string[] = ['0.0.0.0', '::'];
/** RFC 3551 table 4: its meaning is known without being offered. */
const STATIC_COMFORT_NOISE = 13;

/** Returns the usable audio m-lines of an offer (RFC 7866 section 7.1.1), in order. */
export function chooseMedia(
  offer: SdpOffer,
  metadata: RecordingMetadata | undefined,
  rules: MediaRules,
): MediaChoice[] {
  return offer.media.flatMap((media) => {
    const choice = chooseLine(media, metadata, rules);
    return choice ? [choice] : [];
  });
}

/** The missing part of an offer: audio, a recorded codec, a usable transport or protection. */
export type OfferFault = 'media' | 'format' | 'transport';

/** Returns 488's reason; undefined when the offer has recordable audio, or wants nothing. */
export function whyUnacceptable(offer: SdpOffer, rules: MediaRules): OfferFault | undefined {
  const wanted = offer.media.filter(({ kind, port }) => kind === 'audio' && port !== 0);
  const unused = offer.media.every(({ port }) => port === 0);
  if (unused || wanted.some((media) => chooseLine(media, undefined, rules))) return undefined;
  if (wanted.length === 0) return 'media';
  return wanted.some(({ payloads }) => payloads.some(isRecorded)) ? 'transport' : 'format';
}

export function chooseLine(
  media: SdpMedia,
  metadata: RecordingMetadata | undefined,
  rules: MediaRules,
): MediaChoice | undefined {
  if (media.kind !== 'audio' || media.port === 0) return undefined;
  if (!profiles.includes(media.protocol.toUpperCase())) return undefined;
  const audio = media.payloads.find(isRecorded);
  const protection = chooseProtection(media, rules.srtp, rules.keysOf(media.index));
  if (!audio || !protection) return undefined;
  const others = media.payloads.filter((payload) => isOther(audio, payload));
  const beside = media.payloads.filter((payload) => goesWith(audio, payload));
  const label = media.label ?? String(media.index + 1);
  return {
    index: media.index,
    stream: {
      label,
      aor: (metadata && participantForLabel(metadata, label)?.aor) ?? null,
      mixed: metadata !== undefined && isMixed(metadata, label),
      clockRate: audio.clockRate,
      agreed: {
        ...payloadsOf(audio, others, beside),
        source: sourceOf(media),
        rtcp: rtcpOf(media),
        srtp: protection.keys,
      },
      held: isHeld(media),
    },
    payloadTypes: [audio, ...others, ...beside].map(({ payloadType }) => payloadType),
    crypto: protection.crypto,
    rtcpMux: media.rtcpMux,
  };
}

function payloadsOf(
  audio: SdpPayload,
  others: readonly SdpPayload[],
  beside: readonly SdpPayload[],
): Omit<MediaAgreement, 'source' | 'rtcp' | 'srtp'> {
  const typeOf = (encoding: string) =>
    beside.find((payload) => payload.encoding === encoding)?.payloadType;
  return {
    codec: audio.encoding as Codec,
    payloadType: audio.payloadType,
    others: others.map(({ encoding, payloadType }) => ({ codec: encoding as Codec, payloadType })),
    dtmfPayloadType: typeOf('TELEPHONE-EVENT') ?? null,
    comfortNoisePayloadType: typeOf('CN') ?? STATIC_COMFORT_NOISE,
  };
}

export function sourceOf({ port, connectionAddress: address = '' }: SdpMedia): MediaSource {
  const isNamed = isIP(address) !== 0 && !nullAddresses.includes(address) && port !== 0;
  return isNamed ? { address, port } : unnamedSource;
}

/** Returns where the client wants reports (RFC 3550 section 11, RFC 3605, RFC 5761). */
function rtcpOf({ port, connectionAddress, rtcp, rtcpMux: mux }: SdpMedia): RtcpRoute {
  const address = rtcp?.address ?? connectionAddress ?? '';
  if (isIP(address) === 0 || nullAddresses.includes(address)) {
    return { mux, address: null, port: null };
  }
  return { mux, address, port: mux ? port : (rtcp?.port ?? Math.min(port + 1, 65_535)) };
}

function isRecorded({ encoding, clockRate, channels }: SdpPayload): boolean {
  const known = Object.hasOwn(recorded, encoding) ? recorded[encoding] : undefined;
  return known?.channels === channels && known.rates.includes(clockRate);
}

/**
 * True for audio that may alternate with the preferred one, unless that would let DTMF tones in:
 * they are detected in some codecs only.
 */
function isOther(audio: SdpPayload, payload: SdpPayload): boolean {
  if (payload === audio || !isRecorded(payload)) return false;
  const hidesTones = !toneless.includes(audio.encoding) && toneless.includes(payload.encoding);
  return payload.clockRate === audio.clockRate && !hidesTones;
}

/**
 * Digits and comfort noise count in the clock of the audio that they belong to (RFC 4733 section
 * 2.5.1.1, RFC 3389 section 4).
 */
function goesWith(audio: SdpPayload, { encoding, clockRate }: SdpPayload): boolean {
  const isBeside = encoding === 'TELEPHONE-EVENT' || encoding === 'CN';
  return isBeside && clockRate === audio.clockRate;
}

/**
 * True while the client sends nothing on this line (RFC 7866 section 7.1.1.1 and RFC 3264 section
 * 8.4).
 */
export function isHeld({ direction }: SdpMedia): boolean {
  return direction === 'inactive' || direction === 'recvonly';
}
