import { randomUUID } from 'node:crypto';
import type { CallLifecycle } from '../domain/call-lifecycle.ts';
import type { RestoredSession } from '../domain/call-recovery.ts';
import { UccUnknownError } from '../domain/errors.ts';
import type { SrtpPolicy } from '../domain/media-agreement.ts';
import type { SessionTimerRules } from '../protocols/sip/session-expires.ts';
import type {
  DigestRules,
  IncomingInvite,
  SipLimits,
  SipTlsOptions,
  SipUserAgent,
} from '../protocols/sip/types.ts';
import { createSipUserAgent } from '../protocols/sip/user-agent.ts';
import { bodyRefusal } from './body-refusal.ts';
import { correlationIdOf, type IdentityRules, uccOf } from './call-identity.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { readInviteBody } from './invite-body.ts';
import { InviteLimits, type InviteRates } from './invite-limits.ts';
import { chooseMedia, whyUnacceptable } from './offer-answer.ts';
import { partiesOf } from './participants.ts';
import { RecordingSession } from './recording-session.ts';
import { handlerOf } from './session-handler.ts';
import type { OfferOutcome } from './session-offers.ts';

export interface SessionRecordingServerOptions {
  readonly host: string;
  readonly udpPort?: number;
  readonly tcpPort?: number;
  readonly tls?: SipTlsOptions;
  readonly advertisedHost?: string;
  /** Address that SDP answers name. */
  readonly mediaAddress: string;
  readonly limits: SipLimits & InviteRates;
  readonly digest?: DigestRules;
  readonly identity: IdentityRules;
  readonly lifecycle: CallLifecycle;
  readonly timerRules: SessionTimerRules;
  readonly twoSidedPause: boolean;
  readonly srtp: SrtpPolicy;
  /** Whom the SIP ports listen to; everybody where it is left out. */
  readonly isAllowed?: (address: string) => boolean;
  onPauseOffered(outcome: OfferOutcome): void;
  onDropped(reason: string): void;
  onFailure(cause: unknown): void;
}

/** RFC 7866 section 6.2.2: the Contact of a recording server says what it is. */
const SRS_FEATURE_TAG = '+sip.srs';

/**
 * The Session Recording Server of RFC 7866: every INVITE that carries audio becomes a recording
 * session, whose streams join the call that its metadata names.
 */
export class SessionRecordingServer {
  readonly #options: SessionRecordingServerOptions;
  readonly #sessions = new Set<RecordingSession>();
  #agent: SipUserAgent | undefined;
  #refusing = false;

  constructor(options: SessionRecordingServerOptions) {
    this.#options = options;
  }

  get udpPort(): number | undefined {
    return this.#agent?.udpPort;
  }
  get tcpPort(): number | undefined {
    return this.#agent?.tcpPort;
  }
  get tlsPort(): number | undefined {
    return this.#agent?.tlsPort;
  }
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** @param restored taken up before the first message is read */
  async start(restored: readonly RestoredSession[] = []): Promise<void> {
    const { host, udpPort, tcpPort, tls, advertisedHost, limits } = this.#options;
    const { isAllowed, onDropped, digest } = this.#options;
    const inviteLimits = new InviteLimits(limits);
    this.#agent = await createSipUserAgent(
      {
        host,
        ...(udpPort === undefined ? {} : { udpPort }),
        ...(tcpPort === undefined ? {} : { tcpPort }),
        ...(tls === undefined ? {} : { tls }),
        ...(advertisedHost === undefined ? {} : { advertisedHost }),
        ...(isAllowed === undefined ? {} : { isAllowed }),
        ...(digest === undefined ? {} : { digest }),
        inviteDelaySeconds: (address) => inviteLimits.delaySeconds(address),
        userAgent: 'Hush',
        supported: ['siprec', 'timer'],
        limits,
        onInvite: (invite) => void this.#onInvite(invite),
        onDropped,
      },
      { contactParameters: SRS_FEATURE_TAG },
    );
    for (const session of restored) this.#restore(this.#agent, session);
  }

  /** The call's gate was shut or opened. */
  callChanged(callId: string): void {
    if (!this.#options.twoSidedPause) return;
    for (const session of this.#sessions) {
      if (session.callId === callId) session.direct().catch(this.#options.onFailure);
    }
  }

  /** Ends these recording sessions with BYE. */
  hangUp(sessionIds: readonly string[]): void {
    for (const session of this.#sessions) {
      if (sessionIds.includes(session.id)) session.hangUp().catch(this.#options.onFailure);
    }
  }

  /** Ends every recording session with BYE; new ones are refused. */
  async hangUpAll(): Promise<void> {
    this.#refusing = true;
    await Promise.all([...this.#sessions].map((session) => session.hangUp()));
  }

  async close(): Promise<void> {
    await this.#agent?.close();
  }

  async #onInvite(invite: IncomingInvite): Promise<void> {
    let cancelled = false;
    invite.onCancel(() => {
      cancelled = true;
    });
    if (this.#refusing) {
      invite.reject({ statusCode: 503 });
      return;
    }
    const session = this.#newSession();
    try {
      const accepted = await this.#begin(invite, session);
      if (!accepted) return;
      if (cancelled || invite.cancelled) {
        await session.end();
        return;
      }
      const timer = session.agreeOnTimer(invite.request);
      if (!timer.ok) {
        await session.end();
        invite.reject(timer.reply);
        return;
      }
      await session.save(invite.dialogState());
      if (invite.cancelled) {
        await session.end();
        return;
      }
      const headers = [{ name: 'Supported', value: 'siprec, timer' }, ...timer.headers];
      const reply = { statusCode: 200, headers, body: accepted };
      session.attach(invite.accept(reply, handlerOf(session, this.#options.onFailure)));
      this.callChanged(session.callId ?? '');
    } catch (cause) {
      this.#sessions.delete(session);
      const reply = answerToFailure(cause, invite.request);
      if (reply.statusCode === 500) this.#options.onFailure(cause);
      if (!cancelled && !invite.cancelled) invite.reject(reply);
    }
  }

  async #begin(invite: IncomingInvite, session: RecordingSession) {
    const { identity } = this.#options;
    const { offer, metadata } = readInviteBody(invite.request);
    const why = offer && whyUnacceptable(offer, session.rules);
    const refusal = why ? notAcceptable(why) : bodyRefusal(invite.request, { offer, metadata });
    if (refusal) {
      this.#sessions.delete(session);
      invite.reject(refusal);
      return undefined;
    }
    const uccName = uccOf(invite.request, metadata, identity);
    if (uccName === undefined) throw new UccUnknownError('no known UCC is named');
    const correlationId = correlationIdOf(invite.request, metadata, identity);
    const call = { uccName, correlationId, parties: partiesOf(metadata) };
    session.metadata = metadata;
    if (!offer) return session.beginByOffer(call, invite.request);
    return session.begin(call, offer, chooseMedia(offer, metadata, session.rules));
  }

  #restore(agent: SipUserAgent, restored: RestoredSession): void {
    const session = this.#newSession(restored.record.id);
    const state = session.restore(restored);
    session.attach(agent.restoreDialog(state, handlerOf(session, this.#options.onFailure)));
    if (restored.lost) session.hangUp().catch(this.#options.onFailure);
  }

  #newSession(id: string = randomUUID()): RecordingSession {
    const { lifecycle, mediaAddress, timerRules, twoSidedPause, srtp } = this.#options;
    const { onPauseOffered, onFailure } = this.#options;
    const session: RecordingSession = new RecordingSession({
      ...{
        id,
        lifecycle,
        mediaAddress,
        timerRules,
        twoSidedPause,
        srtp,
        onPauseOffered,
        onFailure,
      },
      onEnded: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    return session;
  }
}
