import type { MetadataReport } from '../domain/assurance/metadata-alarms.ts';
import type { IncomingInvite, SipBody } from '../protocols/sip/message/types.ts';
import { bodyRefusal } from './body-refusal.ts';
import type { CallNaming } from './call-naming.ts';
import { answerToFailure, notAcceptable } from './failure-answers.ts';
import { readInviteBody } from './invite-body.ts';
import type { CallNames, RefusalLog } from './log/refusal-log.ts';
import type { SessionLog } from './log/session-log.ts';
import { chooseMedia, whyUnacceptable } from './offer-answer.ts';
import { partiesOf } from './participants.ts';
import type { RecordingSession } from './recording-session.ts';
import type { Refused } from './refused.ts';
import { handlerOf } from './session-handler.ts';

export interface InviteReceptionPorts {
  readonly naming: CallNaming;
  readonly refusals: Pick<RefusalLog, 'refused'>;
  /** Returns true while Hush stops and takes up no new session. */
  isRefusing(): boolean;
  newSession(): { readonly session: RecordingSession; readonly log: SessionLog };
  forget(session: RecordingSession): void;
  onMetadata(report: MetadataReport): void;
  /** Called when a session is answered. */
  onBegun(session: RecordingSession): void;
  onFailure(cause: unknown): void;
}

interface Reception {
  readonly invite: IncomingInvite;
  readonly session: RecordingSession;
  readonly log: SessionLog;
  /** Set once they are known. */
  names?: CallNames;
}

/** RFC 3261 section 21.5.4: a stopping server may be back, or another recorder may take over. */
const stopping: Refused = {
  reason: 'stopping',
  reply: { statusCode: 503, headers: [{ name: 'Retry-After', value: '5' }] },
};

/** Makes a recording session of an INVITE, or refuses it, and logs the outcome. */
export class InviteReception {
  readonly #ports: InviteReceptionPorts;

  constructor(ports: InviteReceptionPorts) {
    this.#ports = ports;
  }

  async receive(invite: IncomingInvite): Promise<void> {
    if (this.#ports.isRefusing()) {
      this.#refuse(invite, stopping);
      return;
    }
    const { session, log } = this.#ports.newSession();
    log.received(invite.request, invite.peer);
    const reception: Reception = { invite, session, log };
    try {
      await this.#answer(reception);
    } catch (cause) {
      this.#ports.forget(session);
      const refused = this.#ports.isRefusing() ? stopping : answerToFailure(cause, invite.request);
      if (refused.reply.statusCode === 500) this.#ports.onFailure(cause);
      if (invite.cancelled) log.cancelled();
      else this.#refuse(invite, refused, reception.names);
    }
  }

  async #answer(reception: Reception): Promise<void> {
    const { invite, session, log } = reception;
    const sdp = await this.#begin(reception);
    if (!sdp) return;
    if (invite.cancelled) {
      await this.#cancelled(reception);
      return;
    }
    const timer = session.agreeOnTimer(invite.request);
    if (!timer.ok) {
      await session.end('unanswered');
      this.#refuse(invite, { reason: 'sessionTimer', reply: timer.reply }, reception.names);
      return;
    }
    await session.save(invite.dialogState());
    if (invite.cancelled) {
      await this.#cancelled(reception);
      return;
    }
    const headers = [{ name: 'Supported', value: 'siprec, timer' }, ...timer.headers];
    const reply = { statusCode: 200, headers, body: sdp };
    session.attach(invite.accept(reply, handlerOf(session, this.#ports.onFailure)));
    log.answered();
    this.#ports.onBegun(session);
  }

  async #cancelled({ session, log }: Reception): Promise<void> {
    log.cancelled();
    await session.end('unanswered');
  }

  async #begin(reception: Reception): Promise<SipBody | undefined> {
    const { invite, session, log } = reception;
    const { request, peer } = invite;
    const { address } = peer;
    const body = readInviteBody(request);
    const { offer, metadata } = body;
    const why = offer && whyUnacceptable(offer, session.rules);
    const refused = why ? notAcceptable(why) : bodyRefusal(request, body);
    if (refused) {
      this.#ports.forget(session);
      this.#refuse(invite, refused);
      return undefined;
    }
    session.metadata = metadata;
    const named = await this.#ports.naming.name(session, request, address);
    const { uccName, correlationId } = named;
    reception.names = { uccName, correlationId };
    const faults = [...body.faults, ...named.faults];
    const parties = partiesOf(metadata);
    const call = { uccName, correlationId, parties, metadataFaults: faults };
    const answer = offer
      ? await session.begin(call, offer, chooseMedia(offer, metadata, session.rules))
      : await session.beginByOffer(call, request);
    const { media } = session;
    if (media.call) log.began(media.call, media.streams, { address, faults });
    if (metadata !== undefined || faults.length > 0) {
      this.#ports.onMetadata({ callId: session.callId ?? '', address, faults });
    }
    return answer;
  }

  #refuse(invite: IncomingInvite, { reason, reply }: Refused, names?: CallNames): void {
    const { request, peer } = invite;
    const { statusCode } = reply;
    this.#ports.refusals.refused({ request, peer, reason, statusCode, names });
    invite.reject(reply);
  }
}
