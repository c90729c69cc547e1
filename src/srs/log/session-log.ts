import type { Call, CallStream } from '../../domain/call/call.ts';
import type { Log, LogFields } from '../../domain/ports/log.ts';
import { header } from '../../protocols/sip/message/headers.ts';
import type { SipPeer, SipRequest } from '../../protocols/sip/message/types.ts';
import type { Refused } from '../refused.ts';

/** Who ended a recording session, or what did. */
export type SessionEnd =
  | 'client'
  | 'hush'
  /** The 2xx was never acknowledged. */
  | 'ackTimeout'
  /** The client has not refreshed it, or does not answer. */
  | 'expired'
  /** No offer and answer came about. */
  | 'negotiation'
  /** It was cancelled, or could not be answered. */
  | 'unanswered';

interface LoggedStream {
  readonly track: number;
  readonly label: string;
  readonly codec: string;
  readonly port: number;
  readonly srtp: string | null;
  readonly held: boolean;
}

/** Copies: a call's streams change under whoever compares them. Keys are no part of it. */
export function loggedStreams(streams: readonly CallStream[]): LoggedStream[] {
  return streams.map(({ track, label, agreed, port, held }) => {
    return { track, label, codec: agreed.codec, port, srtp: agreed.srtp?.suite ?? null, held };
  });
}

/** What the log says of one recording session. */
export class SessionLog {
  readonly #beganMs = performance.now();
  #log: Log;
  #accepted: LogFields | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The Call-ID is what a trace on the client's side is searched by. */
  received(request: SipRequest, { address, port, transport }: SipPeer): void {
    this.#log = this.#log.child({ sipCallId: header(request, 'Call-ID') ?? '' });
    this.#log.debug({ address, port, transport }, 'INVITE received');
  }

  /** From here on its lines name its call. */
  joined({ id: callId, correlationId }: Call, sipCallId?: string): void {
    const dialog = sipCallId === undefined ? {} : { sipCallId };
    this.#log = this.#log.child({ callId, correlationId, ...dialog });
  }

  /** Its streams have joined their call. */
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

  /** Its INVITE has its 200. */
  answered(): void {
    const fields = { outcome: 'accepted', ...this.#accepted, ms: this.#ms() };
    this.#log.info(fields, 'INVITE accepted');
    this.#accepted = undefined;
  }

  cancelled(): void {
    this.#log.info({ outcome: 'cancelled', ms: this.#ms() }, 'INVITE cancelled by the client');
  }

  /** A later INVITE or UPDATE; the session goes on as it was. */
  changeRefused({ method }: SipRequest, { reason, reply }: Refused): void {
    const outcome = { outcome: 'refused', method, reason, status: reply.statusCode };
    this.#log.info(outcome, 'change of a recording session refused');
  }

  /** What offer and answer changed. A hold of the client's has its own lines. */
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
