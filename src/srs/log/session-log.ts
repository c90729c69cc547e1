import type { Call, CallStream } from '../../domain/call/call.ts';
import type { Log, LogFields } from '../../domain/ports/log.ts';
import type { SipPeer, SipRequest } from '../../protocols/sip/message/types.ts';
import type { Refused } from '../refused.ts';
import { loggedCallId } from './without-secrets.ts';

/** The cause of a recording session's end. */
export type SessionEnd =
  | 'client'
  | 'hush'
  /** The client never acknowledged the 2xx. */
  | 'ackTimeout'
  /** The client did not refresh the session, or does not answer. */
  | 'expired'
  /** Offer and answer failed. */
  | 'negotiation'
  /** The INVITE was cancelled or refused after its streams had joined their call. */
  | 'unanswered';

interface LoggedStream {
  readonly track: number;
  readonly label: string;
  readonly codec: string;
  readonly port: number;
  readonly srtp: string | null;
  readonly held: boolean;
}

/** Copies what is logged of streams, without their keys. */
export function loggedStreams(streams: readonly CallStream[]): LoggedStream[] {
  return streams.map(({ track, label, agreed, port, held }) => {
    return { track, label, codec: agreed.codec, port, srtp: agreed.srtp?.suite ?? null, held };
  });
}

/** Logs the life of one recording session. */
export class SessionLog {
  readonly #beganMs = performance.now();
  #log: Log;
  #accepted: LogFields | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Binds the Call-ID, by which traces of the client are searched. */
  received(request: SipRequest, { address, port, transport }: SipPeer): void {
    this.#log = this.#log.child({ sipCallId: loggedCallId(request) });
    this.#log.debug({ address, port, transport }, 'INVITE received');
  }

  /** Binds the names of the call. */
  joined({ id: callId, correlationId }: Call, sipCallId?: string): void {
    const dialog = sipCallId === undefined ? {} : { sipCallId };
    this.#log = this.#log.child({ callId, correlationId, ...dialog });
  }

  /** Notes what `answered` logs: the streams have joined their call. */
  began(
    call: Call,
    streams: readonly CallStream[],
    { address, faults }: { readonly address: string; readonly faults: readonly string[] },
  ): void {
    const { uccName } = call;
    this.joined(call);
    const faulty = faults.length > 0 ? { metadataFaults: faults } : {};
    this.#accepted = { uccName, address, streams: loggedStreams(streams), ...faulty };
  }

  /** Logs that the INVITE is accepted. */
  answered(): void {
    const fields = { outcome: 'accepted', ...this.#accepted, ms: this.#ms() };
    this.#log.info(fields, 'INVITE accepted');
    this.#accepted = undefined;
  }

  cancelled(): void {
    this.#log.info({ outcome: 'cancelled', ms: this.#ms() }, 'INVITE cancelled by the client');
  }

  /** Logs a refused re-INVITE or UPDATE; the session goes on as it was. */
  changeRefused({ method }: SipRequest, { reason, reply }: Refused): void {
    const outcome = { outcome: 'refused', method, reason, status: reply.statusCode };
    this.#log.info(outcome, 'change of a recording session refused');
  }

  /** Logs what offer and answer changed, holds by the client in lines of their own. */
  streams(before: readonly LoggedStream[], after: readonly LoggedStream[]): void {
    const wasHeld = new Map(before.map(({ track, held }) => [track, held]));
    const changed = (held: boolean) =>
      after.filter((one) => one.held === held && (wasHeld.get(one.track) ?? false) !== held);
    const [held, resumed] = [changed(true), changed(false)];
    if (held.length > 0) this.#log.info({ streams: held }, 'streams held by the client');
    if (resumed.length > 0) this.#log.info({ streams: resumed }, 'streams resumed by the client');
    const isNew = after.some(({ track }) => !wasHeld.has(track));
    const isGone = after.length < before.length || isNew;
    if (isGone) this.#log.info({ streams: after }, 'streams of a recording session changed');
    else this.#log.debug({ streams: after }, 'offer and answer done');
  }

  pauseOffered(outcome: string): void {
    this.#log.debug({ outcome }, 'the client was asked to send nothing, or again');
  }

  restored(call: Call, sipCallId: string): void {
    this.joined(call, sipCallId);
    this.#log.info({}, 'recording session taken up after a restart');
  }

  ended(by: SessionEnd): void {
    const seconds = Math.round(this.#ms() / 1000);
    this.#log.info({ by, seconds }, 'recording session ended');
  }

  #ms(): number {
    return Math.round(performance.now() - this.#beganMs);
  }
}
