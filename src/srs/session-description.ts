import { randomInt } from 'node:crypto';
import { buildAnswer } from '../protocols/sdp/build-session.ts';
import { redirect } from '../protocols/sdp/redirect.ts';
import type { SdpDirection, SdpOffer } from '../protocols/sdp/types.ts';
import type { SipBody } from '../protocols/sip/types.ts';
import type { MediaChoice } from './offer-answer.ts';

/** Plain JSON: what another process needs to describe the session further. */
export interface DescriptionState {
  readonly sessionId: string;
  readonly version: number;
  readonly sdp: string;
  /** What the client was last asked to do on lines that it does not hold itself. */
  readonly asked: SdpDirection;
}

/** Our side's description of one recording session: what stands, and what we offer anew. */
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

  /** What was agreed, as a body. */
  body(): SipBody {
    return sdpBody(this.#state.sdp);
  }

  answer(
    offer: SdpOffer,
    choices: readonly MediaChoice[],
    how: { portOf(index: number): number; readonly direction: SdpDirection },
  ): SipBody {
    const { sessionId } = this.#state;
    const version = this.#state.version + 1;
    const sdp = buildAnswer({
      ...{ offer, sessionId, sessionVersion: version, address: this.#address },
      media: choices.map(({ index, stream, payloadTypes, crypto, rtcpMux }) => ({
        ...{ index, payloadTypes, crypto, rtcpMux, port: how.portOf(index) },
        direction: stream.held ? 'inactive' : how.direction,
      })),
    });
    this.#state = { sessionId, version, sdp, asked: how.direction };
    return this.body();
  }

  /** An offer of the same with another direction; it stands once `settle` is called. */
  redirected(direction: SdpDirection): { readonly body: SipBody; settle(): void } {
    const version = this.#state.version + 1;
    const sdp = redirect(this.#state.sdp, direction, version);
    return {
      body: sdpBody(sdp),
      settle: () => {
        this.#state = { ...this.#state, version, sdp, asked: direction };
      },
    };
  }
}

function sdpBody(sdp: string): SipBody {
  return { contentType: 'application/sdp', content: Buffer.from(sdp) };
}
