import { setTimeout as delay } from 'node:timers/promises';
import type { RestoredSession } from '../domain/call-recovery.ts';
import type { SessionOffer } from '../domain/offered-media.ts';
import { SerialQueue } from '../domain/serial-queue.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import type { SdpOffer } from '../protocols/sdp/types.ts';
import { sequenceOf } from '../protocols/sip/headers.ts';
import { answerSessionTimer, type SessionInterval } from '../protocols/sip/session-expires.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogRequest,
  SipDialogState,
  SipReply,
  SipRequest,
} from '../protocols/sip/types.ts';
import { mergeMetadata } from '../protocols/siprec/merge-metadata.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { choicesOfAnswer } from './client-answer.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { isBadBody, readInviteBody } from './invite-body.ts';
import { chooseMedia, type MediaChoice, type MediaRules, whyUnacceptable } from './offer-answer.ts';
import { openingLines } from './opening-lines.ts';
import type { RecordingSessionOptions, Signalling } from './recording-session-options.ts';
import { type OurOffer, type Placed, SessionDescription } from './session-description.ts';
import { SessionMedia } from './session-media.ts';
import { SessionOffers } from './session-offers.ts';
import { SessionRefresh } from './session-refresh.ts';

const BYE_TIMEOUT_MS = 2_000;
/** Numbers of requests that the process before may have sent without having saved them. */
const SKIPPED_SEQUENCES = 100;

interface OwedAnswer {
  /** Of the INVITE, which its ACK repeats. */
  readonly sequence: number;
  readonly ours: OurOffer;
  /** Nothing was agreed on before it. */
  readonly isFirst: boolean;
}

/**
 * One recording session (RFC 7866 section 3): a SIP dialog whose streams belong to a call. What it
 * offers later (re-INVITE, UPDATE) is carried out one after the other.
 */
export class RecordingSession {
  readonly #options: RecordingSessionOptions;
  readonly #queue = new SerialQueue();
  readonly #refresh: SessionRefresh;
  readonly #description: SessionDescription;
  readonly #offers: SessionOffers;
  readonly #media: SessionMedia;
  #dialog: SipDialog | undefined;
  #ended = false;
  /** Our offer in a 2xx, whose answer comes with the ACK (RFC 3261 section 13.2.2.4). */
  #owed: OwedAnswer | undefined;
  /** Of the process before: whether its offer was agreed on is not known. */
  #isUnsettled = false;
  /** All that the client has told so far. */
  metadata: RecordingMetadata | undefined;

  constructor(options: RecordingSessionOptions) {
    this.#options = options;
    this.#description = new SessionDescription(options.mediaAddress);
    this.#media = new SessionMedia(options.lifecycle, options.id);
    this.#offers = new SessionOffers({
      dialog: () => this.#dialog,
      description: this.#description,
      portOf: (index) => this.#media.portOf(index),
      onAnswer: (body, offered) => this.#takeAnswer(body, offered),
    });
    this.#refresh = new SessionRefresh({
      refresh: () => this.#refreshNow(),
      onExpired: () => void this.hangUp().catch(options.onFailure),
    });
  }

  get id(): string {
    return this.#options.id;
  }

  get callId(): string | undefined {
    return this.#media.call?.id;
  }

  /** What offers are chosen from by: keys of ours stay. */
  get rules(): MediaRules {
    return { srtp: this.#options.srtp, keysOf: (index) => this.#media.keysOf(index) };
  }

  /** Brings the first offer's streams to their call; answers the SDP. */
  async begin(
    offer: Omit<SessionOffer, 'sessionId' | 'streams'>,
    sdp: SdpOffer,
    choices: readonly MediaChoice[],
  ): Promise<SipBody> {
    await this.#media.begin(offer, choices);
    return this.#description.answer(sdp, choices, this.#placed());
  }

  /** The client leaves the offer to us: streams wait, on hold, for its answer in the ACK. */
  async beginByOffer(
    offer: Omit<SessionOffer, 'sessionId' | 'streams'>,
    invite: SipRequest,
  ): Promise<SipBody> {
    const { choices, payloads } = openingLines(this.metadata, this.#options.srtp);
    await this.#media.begin(offer, choices);
    const ours = this.#description.open(choices, payloads, this.#placed());
    ours.settle();
    return this.#owe(invite, ours, { isFirst: true });
  }

  /** What the session timer says to the first INVITE; call it before `save`. */
  agreeOnTimer(request: SipRequest) {
    const timer = answerSessionTimer(request, this.#options.timerRules);
    if (timer.ok) this.#refresh.refreshed(timer.interval);
    return timer;
  }

  /** Resolves when another process could go on with the session: before it is answered. */
  async save(dialog: SipDialogState): Promise<void> {
    const { call, lines } = this.#media;
    if (!call || this.#ended) return;
    const signalling: Signalling = {
      dialog,
      description: this.#description.state,
      refresh: this.#refresh.state ?? null,
      metadata: this.metadata ?? null,
      owed: this.#owed !== undefined,
    };
    await this.#options.lifecycle.saveSession(call, this.id, { lines, signalling });
  }

  attach(dialog: SipDialog): void {
    this.#dialog = dialog;
    if (this.#isUnsettled) this.#ask().catch(this.#options.onFailure);
    this.#isUnsettled = false;
  }

  /** Goes on where the process before this one was; the result is the dialog to take up. */
  restore({ record, call }: RestoredSession): SipDialogState {
    const { dialog, description, refresh, metadata, owed } = record.signalling as Signalling;
    this.metadata = metadata ?? undefined;
    this.#media.restore(call, record.streams);
    this.#description.restore(description);
    this.#refresh.restore(refresh ?? undefined);
    this.#isUnsettled = owed === true;
    return { ...dialog, localSequence: dialog.localSequence + SKIPPED_SEQUENCES };
  }

  /**
   * Two-sided pause: asks the client to send nothing while the call's gate is shut, and to send
   * again once it is open. Whatever it answers, the fence stands.
   */
  async direct(): Promise<void> {
    const outcome = await this.#offers.persist(() =>
      this.#queue.run(async () => {
        const { direction } = this.#placed();
        const isAsked = direction === this.#description.asked;
        if (this.#ended || !this.#dialog || isAsked) return undefined;
        return this.#owed ? 'collided' : this.#offers.direct(direction);
      }),
    );
    if (outcome === undefined) return;
    this.#options.onPauseOffered(outcome);
    await this.#queue.run(() => this.#saveNow());
  }

  /** A later offer, or the wish for one of ours: streams come, go, are held and released. */
  async change(incoming: SipDialogRequest): Promise<void> {
    await this.#queue.run(async () => {
      if (!incoming.begin()) return;
      try {
        incoming.reply(await this.#answerTo(incoming.request));
        // The reply may have moved the remote target.
        await this.#saveNow();
      } catch (cause) {
        incoming.reply(answerToFailure(cause));
      }
    });
  }

  /** The ACK to a 2xx of ours: what it answers is carried out, once however often it comes. */
  async acknowledge(ack: SipRequest): Promise<void> {
    const owed = this.#owed;
    if (owed === undefined || owed.sequence !== sequenceOf(ack)) return;
    const verdict = await this.#queue.run(async () => {
      if (this.#owed !== owed) return 'settled';
      this.#owed = undefined;
      return this.#settle(ack, owed);
    });
    if (verdict === 'missing' && !owed.isFirst) await this.#ask();
    else if (verdict !== 'settled') await this.hangUp();
  }

  /** The dialog is over, whoever ended it. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#refresh.stop();
    this.#offers.end();
    await this.#queue.run(async () => {
      const { call } = this.#media;
      if (call) await this.#options.lifecycle.leave(call, this.id);
    });
    this.#options.onEnded();
  }

  /** Ends the dialog from our side. */
  async hangUp(): Promise<void> {
    const bye = this.#dialog?.bye().catch(() => {});
    // A client that is gone answers nothing: its recording is not kept waiting for it.
    await Promise.race([bye, delay(BYE_TIMEOUT_MS, undefined, { ref: false })]);
    await this.end();
  }

  /** What the client has told is known of its streams, before it is answered. */
  async #tell(metadata: RecordingMetadata | undefined, isNews: boolean): Promise<void> {
    this.metadata = metadata;
    if (metadata && isNews) await this.#media.describe(metadata);
  }

  /** What a later INVITE or UPDATE comes to. */
  async #answerTo(request: SipRequest): Promise<SipReply> {
    const { offer, metadata: news } = readInviteBody(request);
    const { call } = this.#media;
    const timer = answerSessionTimer(request, this.#options.timerRules);
    const asksForOffer = !offer && request.method === 'INVITE';
    if (this.#ended || !call) return { statusCode: 481 };
    if (!timer.ok) return timer.reply;
    if (this.#owed && (offer || asksForOffer)) return { statusCode: 491 };
    const why = offer && whyUnacceptable(offer, this.rules);
    if (why !== undefined) return notAcceptable(why);
    this.#refresh.refreshed(timer.interval);
    const metadata = mergeMetadata(this.metadata, news);
    const choices = offer ? chooseMedia(offer, metadata, this.rules) : [];
    if (offer) await this.#media.apply(call, choices);
    await this.#tell(metadata, news !== undefined);
    const reply = { statusCode: 200, headers: timer.headers };
    const answer = offer && this.#description.answer(offer, choices, this.#placed());
    const offered = asksForOffer ? this.#offerIn(request) : undefined;
    await this.#saveNow();
    const body = answer ?? offered;
    return body ? { ...reply, body } : reply;
  }

  /** A re-INVITE without SDP asks for an offer (RFC 3261 section 14.2). */
  #offerIn(request: SipRequest): SipBody {
    const ours = this.#description.offer(this.#placed(), 'all');
    ours.sent();
    return this.#owe(request, ours, { isFirst: false });
  }

  #owe(invite: SipRequest, ours: OurOffer, { isFirst }: { isFirst: boolean }): SipBody {
    this.#owed = { sequence: sequenceOf(invite), ours, isFirst };
    return ours.body;
  }

  async #settle(
    ack: SipRequest,
    { ours }: OwedAnswer,
  ): Promise<'settled' | 'missing' | 'unusable'> {
    try {
      const { offer: answer } = readInviteBody(ack);
      if (this.#ended) return 'settled';
      if (!answer) return 'missing';
      if (!(await this.#apply(answer, ours.offered))) return 'unusable';
      ours.settle();
      await this.#saveNow();
      return 'settled';
    } catch (cause) {
      if (!isBadBody(cause)) this.#options.onFailure(cause);
      return 'unusable';
    }
  }

  /**
   * Whether our offer was agreed on is not known: the ACK came without an answer, or went to a
   * process that is no more. An offer that wants its answer at once tells.
   */
  async #ask(): Promise<void> {
    const outcome = await this.#offers.persist(() =>
      this.#queue.run(async () =>
        this.#ended ? 'accepted' : this.#offers.direct(this.#placed().direction),
      ),
    );
    // Who refuses leaves what stood before (RFC 3261 section 14.1).
    if (outcome === 'failed') await this.hangUp();
  }

  #placed(): Placed {
    const wantsNothing = this.#options.twoSidedPause && this.#media.call?.keeps === false;
    const portOf = (index: number): number => this.#media.portOf(index);
    return { portOf, direction: wantsNothing ? 'inactive' : 'recvonly' };
  }

  /** @returns false for an answer that cannot be used; then nothing has changed */
  async #apply(answer: SdpOffer, offered: SdpOffer): Promise<boolean> {
    const { call } = this.#media;
    const streamAt = (index: number) => this.#media.streamAt(index);
    const { metadata, rules } = this;
    const choices = choicesOfAnswer(answer, { offered, metadata, rules, streamAt });
    if (!call || !choices) return false;
    await this.#media.apply(call, choices);
    return true;
  }

  /** A client that answers without a description, or with another one's, has changed nothing. */
  async #takeAnswer(body: Buffer, offered: SdpOffer): Promise<void> {
    if (body.length === 0) return;
    try {
      await this.#apply(parseOffer(body.toString('utf8')), offered);
      await this.#saveNow();
    } catch (cause) {
      this.#options.onFailure(cause);
    }
  }

  async #refreshNow(): Promise<SessionInterval | undefined> {
    const seconds = this.#refresh.state?.seconds;
    if (seconds === undefined) return undefined;
    await this.#dialog?.acknowledged();
    const agreed = await this.#queue.run(async () =>
      this.#ended || this.#owed
        ? undefined
        : this.#offers.refresh(this.#placed().direction, seconds),
    );
    if (agreed !== 'gone') return agreed;
    await this.hangUp();
    return undefined;
  }

  async #saveNow(): Promise<void> {
    if (this.#dialog) await this.save(this.#dialog.state());
  }
}
