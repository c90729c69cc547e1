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

const codecs: readonly string[] = ['PCMU', 'PCMA'] satisfies Codec[];
const CLOCK_RATE = 8000;

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
  const audio = media.payloads.find(
    ({ encoding, clockRate }) => codecs.includes(encoding) && clockRate === CLOCK_RATE,
  );
  if (!audio) return undefined;
  const dtmf = media.payloads.find(isTelephoneEvent);
  const label = media.label ?? String(media.index + 1);
  return {
    index: media.index,
    stream: {
      label,
      aor: (metadata && participantForLabel(metadata, label)?.aor) ?? null,
      mixed: metadata !== undefined && isMixed(metadata, label),
      clockRate: audio.clockRate,
      agreed: {
        codec: audio.encoding as Codec,
        payloadType: audio.payloadType,
        dtmfPayloadType: dtmf?.payloadType ?? null,
        comfortNoisePayloadType: null,
        rtcp: { mux: false, address: null, port: null },
        srtp: null,
      },
      held: isHeld(media),
    },
    payloadTypes: [audio.payloadType, ...(dtmf ? [dtmf.payloadType] : [])],
  };
}

/** RFC 4733 section 2.5.1.1: at the clock rate of the audio that it goes with. */
function isTelephoneEvent({ encoding, clockRate }: SdpPayload): boolean {
  return encoding === 'TELEPHONE-EVENT' && clockRate === CLOCK_RATE;
}

/**
 * The client sends nothing on this line for now (RFC 7866 section 7.1.1.1 and RFC 3264 section
 * 8.4).
 */
function isHeld({ direction }: SdpMedia): boolean {
  return direction === 'inactive' || direction === 'recvonly';
}
