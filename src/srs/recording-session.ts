import { setTimeout as delay } from 'node:timers/promises';
import { SerialQueue } from '../domain/common/serial-queue.ts';
import type { RestoredSession } from '../domain/lifecycle/call-recovery.ts';
import type { MetadataFault } from '../domain/model/metadata-fault.ts';
import type { SdpOffer } from '../protocols/sdp/types.ts';
import {
  answerSessionTimer,
  type SessionInterval,
} from '../protocols/sip/message/session-expires.ts';
import type {
  SipBody,
  SipDialog,
  SipDialogRequest,
  SipDialogState,
  SipReply,
  SipRequest,
} from '../protocols/sip/message/types.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import { answerToFailure } from './failure-answers.ts';
import { joinMetadata, readInviteBody } from './invite-body.ts';
import type { MediaChoice, MediaRules } from './offer-answer.ts';
import type { RecordingSessionOptions, Signalling } from './recording-session-options.ts';
import { type CallOffer, SessionNegotiation } from './session-negotiation.ts';
import { SessionOffers } from './session-offers.ts';
import { SessionRefresh } from './session-refresh.ts';

const BYE_TIMEOUT_MS = 2_000;
/** Sequence numbers that the previous process may have used without saving them. */
const SKIPPED_SEQUENCES = 100;

/**
 * One recording session (RFC 7866 section 3): a SIP dialog whose streams belong to a call. Its
 * later offers (re-INVITE, UPDATE) are carried out one after the other.
 */
export class RecordingSession {
  readonly #options: RecordingSessionOptions;
  readonly #queue = new SerialQueue();
  readonly #refresh: SessionRefresh;
  readonly #offers: SessionOffers;
  readonly #negotiation: SessionNegotiation;
  #dialog: SipDialog | undefined;
  #ended = false;
  /** True while the result of the previous process's offer is unknown. */
  #isUnsettled = false;

  constructor(options: RecordingSessionOptions) {
    this.#options = options;
    this.#negotiation = new SessionNegotiation(options);
    this.#offers = new SessionOffers({
      dialog: () => this.#dialog,
      negotiation: this.#negotiation,
      onSettled: () => this.#saveNow(),
      onGone: () => void this.hangUp().catch(options.onFailure),
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
    return this.#negotiation.media.call?.id;
  }

  get rules(): MediaRules {
    return this.#negotiation.rules;
  }

  /** All metadata that the client has sent so far. */
  get metadata(): RecordingMetadata | undefined {
    return this.#negotiation.metadata;
  }

  set metadata(metadata: RecordingMetadata | undefined) {
    this.#negotiation.metadata = metadata;
  }

  /** Adds the first offer's streams to their call; returns the SDP answer. */
  begin(call: CallOffer, offer: SdpOffer, choices: readonly MediaChoice[]): Promise<SipBody> {
    return this.#negotiation.begin(call, offer, choices);
  }

  /** Adds the streams that we offer to their call; its client answers in the ACK. */
  beginByOffer(call: CallOffer, invite: SipRequest): Promise<SipBody> {
    return this.#negotiation.beginByOffer(call, invite);
  }

  /** Returns the session timer's answer to the first INVITE; call it before `save`. */
  agreeOnTimer(request: SipRequest) {
    const timer = answerSessionTimer(request, this.#options.timerRules);
    if (timer.ok) this.#refresh.refreshed(timer.interval);
    return timer;
  }

  /** Resolves when another process could continue the session: before it is answered. */
  async save(dialog: SipDialogState): Promise<void> {
    const { media, description, metadata, isOwed } = this.#negotiation;
    const { call, lines } = media;
    if (!call || this.#ended) return;
    const signalling: Signalling = {
      dialog,
      description: description.state,
      refresh: this.#refresh.state ?? null,
      metadata: metadata ?? null,
      owed: isOwed,
    };
    await this.#options.lifecycle.saveSession(call, this.id, { lines, signalling });
  }

  attach(dialog: SipDialog): void {
    this.#dialog = dialog;
    if (this.#isUnsettled) this.#ask().catch(this.#options.onFailure);
    this.#isUnsettled = false;
  }

  /** Continues the previous process's session; returns the dialog to take up. */
  restore({ record, call }: RestoredSession): SipDialogState {
    const { dialog, description, refresh, metadata, owed } = record.signalling as Signalling;
    this.metadata = metadata ?? undefined;
    this.#negotiation.media.restore(call, record.streams);
    this.#negotiation.description.restore(description);
    this.#refresh.restore(refresh ?? undefined);
    this.#isUnsettled = owed === true;
    return { ...dialog, localSequence: dialog.localSequence + SKIPPED_SEQUENCES };
  }

  /**
   * Asks the client to send nothing while the call's gate is shut, and to send again once it is
   * open (two-sided pause). The fence applies whatever it answers.
   */
  async direct(): Promise<void> {
    const outcome = await this.#offers.persist(() =>
      this.#queue.run(async () => {
        const { placed, description } = this.#negotiation;
        const isNews = placed.direction !== description.asked;
        return this.#dialog && isNews && !this.#ended ? this.#offers.direct() : undefined;
      }),
    );
    if (outcome === undefined) return;
    this.#options.onPauseOffered(outcome);
    await this.#queue.run(() => this.#saveNow());
  }

  /** Carries out a later offer, or a request for one: adds, removes, holds and releases streams. */
  async change(incoming: SipDialogRequest): Promise<void> {
    await this.#queue.run(async () => {
      if (!incoming.begin()) return;
      try {
        incoming.reply(await this.#answerTo(incoming.request));
        // The reply may have moved the remote target.
        await this.#saveNow();
      } catch (cause) {
        this.#negotiation.withdraw(incoming.request);
        incoming.reply(answerToFailure(cause, incoming.request));
      }
    });
  }

  /** Handles the ACK to a 2xx of ours: carries out its answer once, even if it is repeated. */
  async acknowledge(ack: SipRequest): Promise<void> {
    const owed = this.#negotiation.owedBy(ack);
    if (owed === undefined) return;
    const verdict = await this.#queue.run(async () => {
      // It is a duplicate, carried out meanwhile.
      if (this.#negotiation.owedBy(ack) !== owed || this.#ended) return 'settled';
      const settled = await this.#negotiation.settle(ack, owed);
      await this.#saveNow();
      return settled;
    });
    if (verdict === 'missing' && !owed.isFirst) await this.#ask();
    else if (verdict !== 'settled') await this.hangUp();
  }

  /** Ends the session after its dialog, whichever side ended it. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#refresh.stop();
    this.#offers.end();
    await this.#queue.run(async () => {
      const { call } = this.#negotiation.media;
      if (call) await this.#options.lifecycle.leave(call, this.id);
    });
    this.#options.onEnded();
  }

  /** Ends the dialog from our side. */
  async hangUp(): Promise<void> {
    const bye = this.#dialog?.bye().catch(() => {});
    // A client that is gone answers nothing, and must not delay its recording.
    await Promise.race([bye, delay(BYE_TIMEOUT_MS, undefined, { ref: false })]);
    await this.end();
  }

  /** Returns the reply to a later INVITE or UPDATE. */
  async #answerTo(request: SipRequest): Promise<SipReply> {
    const body = readInviteBody(request);
    const { media } = this.#negotiation;
    const timer = answerSessionTimer(request, this.#options.timerRules);
    if (this.#ended || !media.call) return { statusCode: 481 };
    if (!timer.ok) return timer.reply;
    const refusal = this.#negotiation.refusal(request, body);
    if (refusal) return refusal;
    this.#refresh.refreshed(timer.interval);
    const { metadata, faults: more } = joinMetadata(this.metadata, body.metadata);
    this.metadata = metadata;
    const faults = [...body.faults, ...more];
    const sdp = await this.#negotiation.respond(request, body.offer);
    // The client's metadata is applied to its streams before it is answered.
    const isNews = body.metadata !== undefined || faults.length > 0;
    if (isNews) await media.describe(metadata, faults);
    if (isNews) this.#tell(faults);
    await this.#saveNow();
    return { statusCode: 200, headers: timer.headers, ...(sdp && { body: sdp }) };
  }

  #tell(faults: readonly MetadataFault[]): void {
    const address = this.#dialog?.peer.address ?? '';
    this.#options.onMetadata({ callId: this.callId ?? '', address, faults });
  }

  /**
   * Offers again when it is unknown whether our offer was accepted: the ACK came without an answer,
   * or went to a process that has ended. An offer that requires an immediate answer decides.
   */
  async #ask(): Promise<void> {
    const outcome = await this.#offers.persist(() =>
      this.#queue.run(async () => (this.#ended ? undefined : this.#offers.direct())),
    );
    // A refusal leaves the previous agreement in force (RFC 3261 section 14.1).
    if (outcome === 'failed') await this.hangUp();
  }

  async #refreshNow(): Promise<SessionInterval | undefined> {
    const seconds = this.#refresh.state?.seconds;
    if (seconds === undefined) return undefined;
    await this.#dialog?.acknowledged();
    const agreed = await this.#queue.run(async () =>
      this.#ended ? undefined : this.#offers.refresh(seconds),
    );
    if (agreed !== 'gone') return agreed;
    await this.hangUp();
    return undefined;
  }

  async #saveNow(): Promise<void> {
    if (this.#dialog) await this.save(this.#dialog.state());
  }
}
