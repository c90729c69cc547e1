import type { SessionOffer } from '../domain/lifecycle/offered-media.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import type { SdpOffer } from '../protocols/sdp/types.ts';
import { sequenceOf } from '../protocols/sip/message/headers.ts';
import type { SipBody, SipReply, SipRequest } from '../protocols/sip/message/types.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { bodyRefusal } from './body-refusal.ts';
import { choicesOfAnswer } from './client-answer.ts';
import { notAcceptable } from './failure-answers.ts';
import { type InviteBody, isBadBody, readInviteBody } from './invite-body.ts';
import { chooseMedia, type MediaChoice, type MediaRules, whyUnacceptable } from './offer-answer.ts';
import { openingLines } from './opening-lines.ts';
import type { RecordingSessionOptions } from './recording-session-options.ts';
import { type OurOffer, type Placed, SessionDescription } from './session-description.ts';
import { SessionMedia } from './session-media.ts';

export type CallOffer = Omit<SessionOffer, 'sessionId' | 'streams'>;

/** Our offer in a 2xx, whose answer comes with the ACK (RFC 3261 section 13.2.2.4). */
export interface OwedAnswer {
  /** CSeq number of the INVITE, which its ACK repeats. */
  readonly sequence: number;
  readonly ours: OurOffer;
  /** True if nothing was agreed before it. */
  readonly isFirst: boolean;
}

export type AckVerdict = 'settled' | 'missing' | 'unusable';

/**
 * Offer and answer of one recording session (RFC 3264), from either side, and their effects on its
 * streams. Its owner runs its operations one after the other.
 */
export class SessionNegotiation {
  readonly media: SessionMedia;
  readonly description: SessionDescription;
  readonly #options: RecordingSessionOptions;
  #owed: OwedAnswer | undefined;
  /** All metadata that the client has sent so far. */
  metadata: RecordingMetadata | undefined;

  constructor(options: RecordingSessionOptions) {
    this.#options = options;
    this.description = new SessionDescription(options.mediaAddress);
    this.media = new SessionMedia(options.lifecycle, options.id);
  }

  /** Rules for choosing from offers: our own keys stay. */
  get rules(): MediaRules {
    return { srtp: this.#options.srtp, keysOf: (index) => this.media.keysOf(index) };
  }

  /** True while an offer of ours awaits its answer: no other one is made or accepted until then. */
  get isOwed(): boolean {
    return this.#owed !== undefined;
  }

  /** The ports of our lines, and the direction we want of the client. */
  get placed(): Placed {
    const wantsNothing = this.#options.twoSidedPause && this.media.call?.keeps === false;
    const portOf = (index: number): number => this.media.portOf(index);
    return { portOf, direction: wantsNothing ? 'inactive' : 'recvonly' };
  }

  /** Adds the first offer's streams to their call; returns the SDP answer. */
  async begin(call: CallOffer, offer: SdpOffer, choices: readonly MediaChoice[]): Promise<SipBody> {
    await this.media.begin(call, choices);
    return this.#answer(offer, choices);
  }

  /** Makes the offer for a client that leaves it to us, and answers in the ACK. */
  async beginByOffer(call: CallOffer, invite: SipRequest): Promise<SipBody> {
    const { choices, payloads } = openingLines(this.metadata, this.#options.srtp);
    await this.media.begin(call, choices);
    const ours = this.description.open(choices, payloads, this.placed);
    ours.settle();
    return this.#owe(invite, { ours, isFirst: true });
  }

  /** Returns why a later INVITE or UPDATE is refused; undefined if it is accepted. */
  refusal(
    request: SipRequest,
    body: Pick<InviteBody, 'offer' | 'hasMetadata'>,
  ): SipReply | undefined {
    const { offer } = body;
    const why = offer && whyUnacceptable(offer, this.rules);
    if (why) return notAcceptable(why);
    const isOffer = offer !== undefined || request.method === 'INVITE';
    return this.isOwed && isOffer ? { statusCode: 491 } : bodyRefusal(request, body);
  }

  /**
   * Carries out a later offer: adds, removes, holds and releases streams.
   * @returns the answer; or, to a re-INVITE without SDP, our offer (RFC 3261 section 14.2)
   */
  async respond(request: SipRequest, offer: SdpOffer | undefined): Promise<SipBody | undefined> {
    const { call } = this.media;
    if (offer && call) {
      const choices = chooseMedia(offer, this.metadata, this.rules);
      await this.media.apply(call, choices);
      return this.#answer(offer, choices);
    }
    if (request.method !== 'INVITE') return undefined;
    const ours = this.description.offer(this.placed, 'all');
    ours.sent();
    return this.#owe(request, { ours, isFirst: false });
  }

  /** Withdraws our offer to that INVITE. */
  withdraw(invite: SipRequest): void {
    if (this.owedBy(invite)) this.#owed = undefined;
  }

  /** Returns the offer that this ACK must answer; undefined if it owes none, or no longer. */
  owedBy(ack: SipRequest): OwedAnswer | undefined {
    return this.#owed?.sequence === sequenceOf(ack) ? this.#owed : undefined;
  }

  /** Carries out the answer in an ACK. Once tried, no answer is owed any more. */
  async settle(ack: SipRequest, { ours }: OwedAnswer): Promise<AckVerdict> {
    this.#owed = undefined;
    try {
      const { offer: answer } = readInviteBody(ack);
      if (!answer) return 'missing';
      if (!(await this.#apply(answer, ours.offered))) return 'unusable';
      ours.settle();
      return 'settled';
    } catch (cause) {
      if (!isBadBody(cause)) this.#options.onFailure(cause);
      return 'unusable';
    }
  }

  /**
   * Carries out the answer to a re-INVITE of ours. A client that answers without a description, or
   * with a mismatched one, has changed nothing.
   */
  async takeAnswer(body: Buffer, offered: SdpOffer): Promise<void> {
    if (body.length === 0) return;
    try {
      await this.#apply(parseOffer(body.toString('utf8')), offered);
    } catch (cause) {
      this.#options.onFailure(cause);
    }
  }

  #answer(offer: SdpOffer, choices: readonly MediaChoice[]): SipBody {
    return this.description.answer(offer, choices, this.placed);
  }

  #owe(invite: SipRequest, owed: Omit<OwedAnswer, 'sequence'>): SipBody {
    this.#owed = { ...owed, sequence: sequenceOf(invite) };
    return owed.ours.body;
  }

  /** @returns false for an unusable answer; then nothing has changed */
  async #apply(answer: SdpOffer, offered: SdpOffer): Promise<boolean> {
    const { call } = this.media;
    const { metadata, rules } = this;
    const choices = choicesOfAnswer(answer, {
      offered,
      metadata,
      rules,
      streamAt: (index) => this.media.streamAt(index),
    });
    if (!call || !choices) return false;
    await this.media.apply(call, choices);
    return true;
  }
}
