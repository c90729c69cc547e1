import type { CallRecord } from '../domain/model/call-record.ts';
import { UccUnknownError } from '../domain/model/errors.ts';
import type { MetadataFault } from '../domain/model/metadata-fault.ts';
import type { SipRequest } from '../protocols/sip/message/types.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';
import {
  type CorrelationId,
  correlationIdOf,
  correlationIdOfDialog,
  type IdentityRules,
  sessionGuidOf,
  uccOf,
} from './call-identity.ts';
import { type Dialogue, Dialogues } from './dialogues.ts';

export interface CallNamingOptions {
  readonly rules: IdentityRules;
  /** Returns the last call of that correlation id, if its commands still apply. */
  recentCall(correlationId: string): Promise<CallRecord | undefined>;
}

export interface NamedCall {
  readonly uccName: string;
  readonly correlationId: string;
  readonly faults: readonly MetadataFault[];
}

/** The parts of a recording session that name its call. */
export interface NamedSession {
  readonly metadata: RecordingMetadata | undefined;
}

/** Finds the call that each recording session belongs to. */
export class CallNaming {
  readonly #options: CallNamingOptions;
  readonly #dialogues: Dialogues<NamedSession>;

  constructor(options: CallNamingOptions) {
    this.#options = options;
    this.#dialogues = new Dialogues(options.rules);
  }

  /**
   * Names the session's call and notes it at once, so that the next session is compared with this
   * one.
   * @throws UccUnknownError
   */
  async name(session: NamedSession, request: SipRequest, address: string): Promise<NamedCall> {
    const { rules } = this.#options;
    const { metadata } = session;
    const uccName = uccOf(request, metadata, rules);
    if (uccName === undefined) throw new UccUnknownError('no known UCC is named');
    const wanted = correlationIdOf(request, metadata, rules);
    const offered = dialogueOf(session, uccName, address);
    const ended = await this.#endedOf(wanted, offered);
    const found = wanted.from === 'session' ? this.#dialogues.find(offered) : undefined;
    const isStranger =
      found === 'taken' ||
      (found === 'shared' && ended !== 'same') ||
      (found === undefined && ended === 'stranger');
    const own = isStranger ? correlationIdOfDialog(request) : wanted;
    const correlationId = typeof found === 'object' ? found.correlationId : own.guid;
    this.took(session, { uccName, correlationId, address });
    const names = metadata?.communicationSessionIds.length ?? 0;
    const isUseless = isStranger || (own.from === 'callId' && names > 0);
    return { uccName, correlationId, faults: isUseless ? ['sessionId'] : [] };
  }

  /** Notes a session's call, also for a session of the previous process. */
  took(
    session: NamedSession,
    call: { uccName: string; correlationId: string; address: string },
  ): void {
    const { uccName, correlationId, address } = call;
    this.#dialogues.add(session, () => ({
      sessionGuid: sessionGuidOf(session.metadata),
      uccName,
      address,
      correlationId,
      get parties() {
        return partyAddresses(session);
      },
    }));
  }

  forget(session: NamedSession): void {
    this.#dialogues.remove(session);
  }

  /** Decides if the last call of that id was this dialogue, whose commands apply, or another. */
  async #endedOf(
    wanted: CorrelationId,
    offered: Dialogue,
  ): Promise<'same' | 'stranger' | undefined> {
    if (wanted.from !== 'session') return undefined;
    const ended = await this.#options.recentCall(wanted.guid).catch(() => undefined);
    if (!ended) return undefined;
    const parties = ended.parties.map(({ aor }) => aor);
    const goesOn = this.#dialogues.goesOn({ uccName: ended.uccName, parties }, offered);
    return goesOn ? 'same' : 'stranger';
  }
}

function dialogueOf(session: NamedSession, uccName: string, address: string): Dialogue {
  const sessionGuid = sessionGuidOf(session.metadata);
  return { sessionGuid, uccName, address, parties: partyAddresses(session) };
}

/** Returns a session's addresses, read only for an equal session id: it may name thousands. */
function partyAddresses({ metadata }: NamedSession): string[] {
  return (metadata?.participants ?? []).flatMap(({ aor }) => aor ?? []);
}
