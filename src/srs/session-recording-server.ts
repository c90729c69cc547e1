import { randomUUID } from 'node:crypto';
import type { MetadataReport } from '../domain/assurance/metadata-alarms.ts';
import type { CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import type { RestoredSession } from '../domain/lifecycle/call-recovery.ts';
import type { SrtpPolicy } from '../domain/model/media-agreement.ts';
import type { SessionTimerRules } from '../protocols/sip/message/session-expires.ts';
import type {
  DigestRules,
  IncomingInvite,
  SipLimits,
  SipTlsOptions,
  SipUserAgent,
} from '../protocols/sip/message/types.ts';
import { createSipUserAgent } from '../protocols/sip/user-agent/user-agent.ts';
import { bodyRefusal } from './body-refusal.ts';
import type { IdentityRules } from './call-identity.ts';
import { CallNaming, type CallNamingOptions } from './call-naming.ts';
import { DigestGuesses, type GuessLimits } from './digest-guesses.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { readInviteBody } from './invite-body.ts';
import { InviteLimits, type InviteRates } from './invite-limits.ts';
import { loseSession } from './lose-session.ts';
import { chooseMedia, whyUnacceptable } from './offer-answer.ts';
import { partiesOf } from './participants.ts';
import { RecordingSession } from './recording-session.ts';
import type { OfferOutcome } from './recording-session-options.ts';
import { handlerOf } from './session-handler.ts';

export interface SessionRecordingServerOptions {
  readonly host: string;
  readonly udpPort?: number;
  readonly tcpPort?: number;
  readonly tls?: SipTlsOptions;
  readonly advertisedHost?: string;
  /** Address that SDP answers name. */
  readonly mediaAddress: string;
  readonly limits: SipLimits & InviteRates;
  readonly digest?: DigestRules & GuessLimits;
  readonly identity: IdentityRules;
  readonly lifecycle: CallLifecycle;
  readonly timerRules: SessionTimerRules;
  readonly twoSidedPause: boolean;
  readonly srtp: SrtpPolicy;
  /** Source networks allowed on the SIP ports; omitted: all. */
  readonly isAllowed?: (address: string) => boolean;
  readonly recentCall: CallNamingOptions['recentCall'];
  onPauseOffered(outcome: OfferOutcome): void;
  /** Called when a message's metadata was read, completely or not. */
  onMetadata(report: MetadataReport): void;
  onDropped(reason: string): void;
  /** Called once for each address and user with too many wrong digest answers. */
  onGuessing(who: string): void;
  onFailure(cause: unknown): void;
}

/** RFC 7866 section 6.2.2: the Contact of a recording server declares its role. */
const SRS_FEATURE_TAG = '+sip.srs';
/** RFC 3261 section 21.5.4: a stopping server may be back, or another recorder may take over. */
const stopping = { statusCode: 503, headers: [{ name: 'Retry-After', value: '5' }] };

/**
 * The Session Recording Server of RFC 7866: every INVITE that carries audio becomes a recording
 * session, whose streams join the call that its metadata names.
 */
export class SessionRecordingServer {
  readonly #options: SessionRecordingServerOptions;
  readonly #sessions = new Set<RecordingSession>();
  readonly #naming: CallNaming;
  #agent: SipUserAgent | undefined;
  #refusing = false;

  constructor(options: SessionRecordingServerOptions) {
    this.#options = options;
    const { identity: rules, recentCall } = options;
    this.#naming = new CallNaming({ rules, recentCall });
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

  /** @param restored sessions taken up before the first message is read */
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
        ...(digest === undefined
          ? {}
          : { digest, digestGuard: new DigestGuesses(digest, this.#options) }),
        inviteDelaySeconds: (load) => inviteLimits.delaySeconds(load),
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

  /** Called when the call's gate was shut or opened. */
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

  /** Answers new recording sessions with 503 from now on: the client retries later or elsewhere. */
  refuseNew(): void {
    this.#refusing = true;
  }

  /** Ends every recording session with BYE. */
  async hangUpAll(): Promise<void> {
    this.refuseNew();
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
      invite.reject(stopping);
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
      this.#forget(session);
      const reply = this.#refusing ? stopping : answerToFailure(cause, invite.request);
      if (reply.statusCode === 500) this.#options.onFailure(cause);
      if (!cancelled && !invite.cancelled) invite.reject(reply);
    }
  }

  async #begin(invite: IncomingInvite, session: RecordingSession) {
    const { request, peer } = invite;
    const body = readInviteBody(request);
    const { offer, metadata } = body;
    const why = offer && whyUnacceptable(offer, session.rules);
    const refusal = why ? notAcceptable(why) : bodyRefusal(request, body);
    if (refusal) {
      this.#forget(session);
      invite.reject(refusal);
      return undefined;
    }
    session.metadata = metadata;
    const named = await this.#naming.name(session, request, peer.address);
    const { uccName, correlationId } = named;
    const faults = [...body.faults, ...named.faults];
    const parties = partiesOf(metadata);
    const call = { uccName, correlationId, parties, metadataFaults: faults };
    const answer = offer
      ? await session.begin(call, offer, chooseMedia(offer, metadata, session.rules))
      : await session.beginByOffer(call, request);
    if (metadata !== undefined || faults.length > 0) {
      this.#options.onMetadata({ callId: session.callId ?? '', address: peer.address, faults });
    }
    return answer;
  }

  #forget(session: RecordingSession): void {
    this.#sessions.delete(session);
    this.#naming.forget(session);
  }

  #restore(agent: SipUserAgent, restored: RestoredSession): void {
    const session = this.#newSession(restored.record.id);
    try {
      const state = session.restore(restored);
      const { uccName, correlationId } = restored.call;
      this.#naming.took(session, { uccName, correlationId, address: state.peer.address });
      session.attach(agent.restoreDialog(state, handlerOf(session, this.#options.onFailure)));
      if (restored.lost) session.hangUp().catch(this.#options.onFailure);
    } catch (cause) {
      void loseSession({ session, restored }, cause, this.#options);
    }
  }

  #newSession(id: string = randomUUID()): RecordingSession {
    const { lifecycle, mediaAddress, timerRules, twoSidedPause, srtp } = this.#options;
    const { onPauseOffered, onMetadata, onFailure } = this.#options;
    const session: RecordingSession = new RecordingSession({
      id,
      lifecycle,
      mediaAddress,
      timerRules,
      twoSidedPause,
      srtp,
      onPauseOffered,
      onMetadata,
      onFailure,
      onEnded: () => this.#forget(session),
    });
    this.#sessions.add(session);
    return session;
  }
}
