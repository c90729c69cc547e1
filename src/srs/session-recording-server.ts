import { randomUUID } from 'node:crypto';
import type { MetadataReport } from '../domain/assurance/metadata-alarms.ts';
import type { CallLifecycle } from '../domain/lifecycle/call-lifecycle.ts';
import type { RestoredSession } from '../domain/lifecycle/call-recovery.ts';
import type { InviteRefusal } from '../domain/model/invite-refusal.ts';
import type { SrtpPolicy } from '../domain/model/media-agreement.ts';
import type { Log } from '../domain/ports/log.ts';
import type { SessionTimerRules } from '../protocols/sip/message/session-expires.ts';
import type {
  DigestRules,
  SipDropReason,
  SipLimits,
  SipPeer,
  SipTlsOptions,
  SipUserAgent,
} from '../protocols/sip/message/types.ts';
import { createSipUserAgent } from '../protocols/sip/user-agent/user-agent.ts';
import type { IdentityRules } from './call-identity.ts';
import { CallNaming, type CallNamingOptions } from './call-naming.ts';
import { DigestGuesses, type GuessLimits } from './digest-guesses.ts';
import { InviteLimits, type InviteRates } from './invite-limits.ts';
import { InviteReception } from './invite-reception.ts';
import { type LostRecording, RefusalLog } from './log/refusal-log.ts';
import { SessionLog } from './log/session-log.ts';
import { SipTrace } from './log/sip-trace.ts';
import { loseSession } from './lose-session.ts';
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
  readonly logs: { readonly sip: Log; readonly srs: Log };
  onPauseOffered(outcome: OfferOutcome): void;
  /** Called when a message's metadata was read, completely or not. */
  onMetadata(report: MetadataReport): void;
  onDropped(reason: string): void;
  /** Called for each INVITE that is refused. */
  onRefused(reason: InviteRefusal): void;
  /** Called when a refused INVITE costs a recording; bounded, so that a flood raises few alarms. */
  onRecordingLost(lost: LostRecording): void;
  /** Called once for each address and user with too many wrong digest answers. */
  onGuessing(who: string): void;
  onFailure(cause: unknown): void;
}

/** RFC 7866 section 6.2.2: the Contact of a recording server declares its role. */
const SRS_FEATURE_TAG = '+sip.srs';

/**
 * The Session Recording Server of RFC 7866: every INVITE that carries audio becomes a recording
 * session, whose streams join the call that its metadata names.
 */
export class SessionRecordingServer {
  readonly #options: SessionRecordingServerOptions;
  readonly #sessions = new Set<RecordingSession>();
  readonly #naming: CallNaming;
  readonly #refusals: RefusalLog;
  readonly #reception: InviteReception;
  #agent: SipUserAgent | undefined;
  #refusing = false;

  constructor(options: SessionRecordingServerOptions) {
    this.#options = options;
    const { identity: rules, recentCall } = options;
    this.#naming = new CallNaming({ rules, recentCall });
    this.#refusals = new RefusalLog({
      log: options.logs.srs,
      onRefused: (reason) => options.onRefused(reason),
      onRecordingLost: (lost) => options.onRecordingLost(lost),
    });
    this.#reception = new InviteReception({
      ...{ naming: this.#naming, refusals: this.#refusals },
      ...{ onMetadata: options.onMetadata, onFailure: options.onFailure },
      isRefusing: () => this.#refusing,
      newSession: () => this.#newSession(),
      forget: (session) => this.#forget(session),
      onBegun: (session) => this.callChanged(session.callId ?? ''),
    });
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
    const { isAllowed, digest, logs } = this.#options;
    const trace = new SipTrace(logs.sip);
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
        onInvite: (invite) => void this.#reception.receive(invite),
        onRefused: (refused) => this.#refusals.refused(refused),
        onDropped: (reason, peer) => this.#drop(reason, peer),
        onMessage: (...message) => trace.message(...message),
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
    this.#refusals.close();
  }

  #drop(reason: SipDropReason, peer: SipPeer): void {
    this.#options.onDropped(reason);
    this.#refusals.dropped(reason, peer);
  }

  #forget(session: RecordingSession): void {
    this.#sessions.delete(session);
    this.#naming.forget(session);
  }

  #restore(agent: SipUserAgent, restored: RestoredSession): void {
    const { session } = this.#newSession(restored.record.id);
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

  #newSession(id: string = randomUUID()) {
    const log = new SessionLog(this.#options.logs.srs);
    const { lifecycle, mediaAddress, timerRules, twoSidedPause, srtp } = this.#options;
    const { onPauseOffered, onMetadata, onFailure } = this.#options;
    const session: RecordingSession = new RecordingSession({
      id,
      lifecycle,
      mediaAddress,
      timerRules,
      twoSidedPause,
      srtp,
      log,
      onPauseOffered,
      onMetadata,
      onFailure,
      onEnded: () => this.#forget(session),
    });
    this.#sessions.add(session);
    return { session, log };
  }
}
