import type { MediaAgreement } from '../domain/media-agreement.ts';
import type { OfferedStream } from '../domain/offered-media.ts';
import type { Codec } from '../domain/records.ts';
import type { SdpMedia, SdpOffer, SdpPayload } from '../protocols/sdp/types.ts';
import { isMixed, participantForLabel } from '../protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';

/** What Hush makes of one m-line. */
export interface MediaChoice {
  readonly index: number;
  readonly stream: OfferedStream;
  readonly payloadTypes: readonly number[];
}

/** What is recorded, and can be listened to. */
const recorded: readonly string[] = ['PCMU', 'PCMA'] satisfies Codec[];
const CLOCK_RATE = 8000;
/** RFC 3551 table 4: what comes of it is known without being offered. */
const STATIC_COMFORT_NOISE = 13;

/** The usable audio m-lines of an offer (RFC 7866 section 7.1.1), in their order. */
export function chooseMedia(
  offer: SdpOffer,
  metadata: RecordingMetadata | undefined,
): MediaChoice[] {
  return offer.media.flatMap((media) => {
    const choice = chooseLine(media, metadata);
    return choice ? [choice] : [];
  });
}

/** True when the offer has audio that is wanted but in no codec that Hush records: 488. */
export function lacksCodec(offer: SdpOffer): boolean {
  const wanted = offer.media.filter(({ kind, port }) => kind === 'audio' && port !== 0);
  const unused = offer.media.every(({ port }) => port === 0);
  return !unused && wanted.every((media) => chooseLine(media, undefined) === undefined);
}

function chooseLine(
  media: SdpMedia,
  metadata: RecordingMetadata | undefined,
): MediaChoice | undefined {
  if (media.kind !== 'audio' || media.port === 0 || media.protocol !== 'RTP/AVP') return undefined;
  const audio = media.payloads.find(isRecorded);
  if (!audio) return undefined;
  const beside = media.payloads.filter((payload) => goesWith(audio, payload));
  const label = media.label ?? String(media.index + 1);
  return {
    index: media.index,
    stream: {
      label,
      aor: (metadata && participantForLabel(metadata, label)?.aor) ?? null,
      mixed: metadata !== undefined && isMixed(metadata, label),
      clockRate: audio.clockRate,
      agreed: agreementOf(audio, beside),
      held: isHeld(media),
    },
    payloadTypes: [audio, ...beside].map(({ payloadType }) => payloadType),
  };
}

function agreementOf(audio: SdpPayload, beside: readonly SdpPayload[]): MediaAgreement {
  const typeOf = (encoding: string) =>
    beside.find((payload) => payload.encoding === encoding)?.payloadType;
  return {
    codec: audio.encoding as Codec,
    payloadType: audio.payloadType,
    dtmfPayloadType: typeOf('TELEPHONE-EVENT') ?? null,
    comfortNoisePayloadType: typeOf('CN') ?? STATIC_COMFORT_NOISE,
    rtcp: { mux: false, address: null, port: null },
    srtp: null,
  };
}

function isRecorded({ encoding, clockRate }: SdpPayload): boolean {
  return recorded.includes(encoding) && clockRate === CLOCK_RATE;
}

/**
 * Digits and comfort noise count in the clock of the audio that they go with (RFC 4733 section
 * 2.5.1.1, RFC 3389 section 4).
 */
function goesWith(audio: SdpPayload, { encoding, clockRate }: SdpPayload): boolean {
  const isBeside = encoding === 'TELEPHONE-EVENT' || encoding === 'CN';
  return isBeside && clockRate === audio.clockRate;
}

/**
 * The client sends nothing on this line for now (RFC 7866 section 7.1.1.1 and RFC 3264 section
 * 8.4).
 */
function isHeld({ direction }: SdpMedia): boolean {
  return direction === 'inactive' || direction === 'recvonly';
}
