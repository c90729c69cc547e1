import { setTimeout as delay } from 'node:timers/promises';
import type { RestoredSession } from '../domain/call-recovery.ts';
import type { SessionOffer } from '../domain/offered-media.ts';
import { SerialQueue } from '../domain/serial-queue.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import type { SdpOffer } from '../protocols/sdp/types.ts';
import { answerSessionTimer, type SessionInterval } from '../protocols/sip/session-expires.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogState,
  SipReply,
  SipRequest,
} from '../protocols/sip/types.ts';
import { mergeMetadata } from '../protocols/siprec/merge-metadata.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { readInviteBody } from './invite-body.ts';
import { chooseMedia, isUnacceptable, type MediaChoice, type MediaRules } from './offer-answer.ts';
import type { RecordingSessionOptions, Signalling } from './recording-session-options.ts';
import { SessionDescription } from './session-description.ts';
import { SessionMedia } from './session-media.ts';
import { SessionOffers } from './session-offers.ts';
import { SessionRefresh } from './session-refresh.ts';

const BYE_TIMEOUT_MS = 2_000;
/** Numbers of requests that the process before may have sent without having saved them. */
const SKIPPED_SEQUENCES = 100;

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
  /** All that the client has told so far. */
  metadata: RecordingMetadata | undefined;

  constructor(options: RecordingSessionOptions) {
    this.#options = options;
    this.#description = new SessionDescription(options.mediaAddress);
    this.#media = new SessionMedia(options.lifecycle, options.id);
    this.#offers = new SessionOffers({
      dialog: () => this.#dialog,
      description: this.#description,
      onAnswer: (body) => this.#takeAnswer(body),
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
    return this.#buildAnswer(sdp, choices);
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
    };
    await this.#options.lifecycle.saveSession(call, this.id, { lines, signalling });
  }

  attach(dialog: SipDialog): void {
    this.#dialog = dialog;
  }

  /** Goes on where the process before this one was; the result is the dialog to take up. */
  restore({ record, call }: RestoredSession): SipDialogState {
    const { dialog, description, refresh, metadata } = record.signalling as Signalling;
    this.metadata = metadata ?? undefined;
    this.#media.restore(call, record.streams);
    this.#description.restore(description);
    this.#refresh.restore(refresh ?? undefined);
    return { ...dialog, localSequence: dialog.localSequence + SKIPPED_SEQUENCES };
  }

  /**
   * Two-sided pause: asks the client to send nothing while the call's gate is shut, and to send
   * again once it is open. Whatever it answers, the fence stands.
   */
  async direct(): Promise<void> {
    await this.#queue.run(async () => {
      const wanted = () => (this.#ended || !this.#dialog ? undefined : this.#direction());
      const outcome = await this.#offers.direct(wanted);
      if (outcome === undefined) return;
      this.#options.onPauseOffered(outcome);
      await this.#saveNow();
    });
  }

  /** A later offer: streams come, go, are held and released. */
  async change(request: SipRequest, reply: (reply: SipReply) => void): Promise<void> {
    await this.#queue.run(async () => {
      try {
        const body = readInviteBody(request);
        const { call } = this.#media;
        const timer = answerSessionTimer(request, this.#options.timerRules);
        if (this.#ended || !call) reply({ statusCode: 481 });
        else if (!timer.ok) reply(timer.reply);
        else if (body.offer && isUnacceptable(body.offer, this.rules)) reply(notAcceptable);
        else {
          const { headers } = timer;
          this.#refresh.refreshed(timer.interval);
          const metadata = mergeMetadata(this.metadata, body.metadata);
          if (!body.offer) {
            await this.#tell(metadata, body.metadata !== undefined);
            reply({ statusCode: 200, headers, ...this.#lastAnswer(request) });
          } else {
            const choices = chooseMedia(body.offer, metadata, this.rules);
            await this.#media.apply(call, choices);
            await this.#tell(metadata, body.metadata !== undefined);
            const answer = this.#buildAnswer(body.offer, choices);
            await this.#saveNow();
            reply({ statusCode: 200, headers, body: answer });
          }
          // The reply may have moved the remote target.
          await this.#saveNow();
        }
      } catch (cause) {
        reply(answerToFailure(cause));
      }
    });
  }

  /** The dialog is over, whoever ended it. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#refresh.stop();
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

  #buildAnswer(offer: SdpOffer, choices: readonly MediaChoice[]): SipBody {
    const portOf = (index: number): number => this.#media.portOf(index);
    return this.#description.answer(offer, choices, { portOf, direction: this.#direction() });
  }

  #direction(): 'inactive' | 'recvonly' {
    const wantsNothing = this.#options.twoSidedPause && this.#media.call?.keeps === false;
    return wantsNothing ? 'inactive' : 'recvonly';
  }

  /** A client that answers without a description has changed nothing. */
  async #takeAnswer(body: Buffer): Promise<void> {
    if (body.length === 0) return;
    try {
      await this.#media.takeKeys(parseOffer(body.toString('utf8')));
      await this.#saveNow();
    } catch (cause) {
      this.#options.onFailure(cause);
    }
  }

  async #refreshNow(): Promise<SessionInterval | undefined> {
    const seconds = this.#refresh.state?.seconds;
    if (seconds === undefined) return undefined;
    const agreed = await this.#offers.refresh(seconds);
    if (agreed !== 'gone') return agreed;
    await this.hangUp();
    return undefined;
  }

  async #saveNow(): Promise<void> {
    if (this.#dialog) await this.save(this.#dialog.state());
  }

  /** A re-INVITE without SDP asks for an offer (RFC 3261 section 14.2): what was agreed stands. */
  #lastAnswer(request: SipRequest): { body: SipBody } | object {
    return request.method === 'INVITE' ? { body: this.#description.body() } : {};
  }
}
