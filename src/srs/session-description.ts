import { randomInt } from 'node:crypto';
import { type AnswerMedia, buildAnswer, buildOffer } from '../protocols/sdp/build-session.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import { staticPayload } from '../protocols/sdp/static-payloads.ts';
import type { SdpDirection, SdpMedia, SdpOffer, SdpPayload } from '../protocols/sdp/types.ts';
import type { SipBody } from '../protocols/sip/message/types.ts';
import type { MediaChoice } from './offer-answer.ts';

/** Plain JSON: state that another process needs for further descriptions. */
export interface DescriptionState {
  readonly sessionId: string;
  /** Version of the last description sent. */
  readonly version: number;
  /** The description in force. */
  readonly sdp: string;
  /** The last description sent, agreed or not; absent in records of older versions. */
  readonly sent?: string;
  /** Direction last requested of the client on lines that it does not hold itself. */
  readonly asked: SdpDirection;
}

/** An offer of ours. */
export interface OurOffer {
  readonly body: SipBody;
  readonly offered: SdpOffer;
  /** Notes that it was sent: a different one gets another version. */
  sent(): void;
  /** Notes that it was agreed, and is in force. */
  settle(): void;
}

export interface Placed {
  portOf(index: number): number;
  readonly direction: SdpDirection;
}

/** `all`: beside the agreed formats, all that Hush records in the same clock. */
export type OfferedFormats = 'agreed' | 'all';

/** Audio types that need no rtpmap and whose DTMF tones are detected, with their clock. */
const staticAudio = { payloadTypes: [0, 8], clockRate: 8000 };

/** Our side's description of one recording session: the one in force, and new offers. */
export class SessionDescription {
  readonly #address: string;
  #state: DescriptionState = {
    sessionId: String(randomInt(1, 2 ** 47)),
    version: 0,
    sdp: '',
    asked: 'recvonly',
  };

  constructor(address: string) {
    this.#address = address;
  }

  get state(): DescriptionState {
    return this.#state;
  }

  get asked(): SdpDirection {
    return this.#state.asked;
  }

  restore(state: DescriptionState): void {
    this.#state = state;
  }

  answer(offer: SdpOffer, choices: readonly MediaChoice[], how: Placed): SipBody {
    const media = choices.map(({ index, stream, payloadTypes, crypto, rtcpMux }) => ({
      index,
      payloadTypes,
      crypto,
      rtcpMux,
      port: how.portOf(index),
      direction: stream.held ? ('inactive' as const) : how.direction,
    }));
    const ours = this.#describe(how, (fields) => buildAnswer({ ...fields, offer, media }));
    ours.settle();
    return ours.body;
  }

  /** Makes the first offer of a session whose client left it to us. */
  open(lines: readonly MediaChoice[], payloads: readonly SdpPayload[], how: Placed): OurOffer {
    const media = lines.map(({ index, stream, crypto }) => ({
      payloads,
      crypto,
      label: stream.label,
      port: how.portOf(index),
      direction: how.direction,
    }));
    return this.#describe(how, (fields) => buildOffer({ ...fields, media }));
  }

  /**
   * Offers the description in force, on the same lines in the same order (RFC 3264 section 8), with
   * the direction we want on those in use: a hold of the client's is its own, and not repeated (RFC
   * 6337 section 5.3).
   */
  offer(how: Placed, formats: OfferedFormats): OurOffer {
    const standing = parseOffer(this.#state.sdp);
    const offer = { ...standing, media: standing.media.map(formats === 'all' ? widen : same) };
    const media = offer.media.map((line) => renew(line, how));
    return this.#describe(how, (fields) => buildAnswer({ ...fields, offer, media }));
  }

  /** RFC 3264 section 8: the version shows whether anything changed since the last one sent. */
  #describe({ direction: asked }: Placed, build: (fields: SessionFields) => string): OurOffer {
    const { sessionId, sdp: standing, sent: last = standing } = this.#state;
    const fields = { sessionId, address: this.#address };
    let { version } = this.#state;
    let sdp = build({ ...fields, sessionVersion: version });
    if (sdp !== last) {
      version += 1;
      sdp = build({ ...fields, sessionVersion: version });
    }
    const sent = () => {
      this.#state = { ...this.#state, version, sent: sdp };
    };
    const settle = () => {
      this.#state = { sessionId, version, sdp, sent: sdp, asked };
    };
    return { body: sdpBody(sdp), offered: parseOffer(sdp), sent, settle };
  }
}

interface SessionFields {
  readonly sessionId: string;
  readonly sessionVersion: number;
  readonly address: string;
}

function sdpBody(sdp: string): SipBody {
  return { contentType: 'application/sdp', content: Buffer.from(sdp) };
}

function renew({ index, payloads, crypto, rtcpMux }: SdpMedia, how: Placed): AnswerMedia {
  const payloadTypes = payloads.map(({ payloadType }) => payloadType);
  const { direction } = how;
  return { index, payloadTypes, direction, rtcpMux, port: how.portOf(index), crypto: crypto[0] };
}

function same(line: SdpMedia): SdpMedia {
  return line;
}

/** RFC 3261 section 14.2: a requested offer lists everything available. */
function widen(line: SdpMedia): SdpMedia {
  const { payloads } = line;
  if (payloads[0]?.clockRate !== staticAudio.clockRate) return line;
  const missing = staticAudio.payloadTypes.flatMap((payloadType) => {
    const known = staticPayload(payloadType);
    const isThere = payloads.some(
      (payload) => payload.payloadType === payloadType || payload.encoding === known?.encoding,
    );
    return known && !isThere ? [{ payloadType, ...known, fmtp: undefined }] : [];
  });
  return { ...line, payloads: [...payloads, ...missing] };
}
