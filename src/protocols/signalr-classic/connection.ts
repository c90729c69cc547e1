import { randomBytes } from 'node:crypto';
import { InvocationQueue } from './invocation-queue.ts';
import { type EncodedMessage, encodeFrame, type FrameFlags, type HubMessage } from './messages.ts';
import type { SubscribedHubs } from './negotiation.ts';
import type { ClassicLimits } from './options.ts';
import { MessageRing } from './ring.ts';
import type { Transport } from './transport.ts';
import type { ClassicConnection, TransportName } from './types.ts';

/** The parts of a connection, and the services of the server that holds it. */
export interface ConnectionParts {
  readonly id: string;
  readonly user: unknown;
  /** Parsed from the client's `connectionData`. */
  readonly subscribedHubs: SubscribedHubs;
  readonly limits: ClassicLimits;
  encode(hub: string, method: string, args: readonly unknown[]): HubMessage;
  groupsToken(names: readonly string[]): string;
  /** Calls `flush` at the end of the tick, once however often it is requested. */
  scheduleFlush(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** A client's position: the last message it got, which the ring covers, and its groups token. */
export interface ClientPlace {
  readonly sequence: number;
  readonly groupsToken?: string | undefined;
}

interface AttachFlags extends FrameFlags {
  /** Sends a frame at once, even an empty one. */
  readonly isPrompt?: boolean;
}

const CLOSED_BY_SERVER = 'The server closed the connection.';

/**
 * One client, from its first connect to its end, over changing transports:
 *
 *     detached <--> attached        detached for disconnectTimeoutMs -> closed
 *         \            /            a poll that is answered -> detached until the next
 *          +-> closed <+            abort, close(), messages lost -> closed
 *
 * Messages go to the ring and, once a tick, in one frame to the transport. `#sentThrough` is the
 * last message written; everything after it is in the ring, or the connection is closed.
 */
export class Connection implements ClassicConnection {
  readonly id: string;
  readonly user: unknown;
  readonly items = new Map<unknown, unknown>();
  readonly invocations: InvocationQueue;
  /** Transport of the latest connect; others may not take part. */
  transportName: TransportName | undefined;
  /** True after the client's start request: from now on it may reconnect but not connect. */
  isStarted = false;
  readonly #parts: ConnectionParts;
  readonly #ring: MessageRing;
  /** Tells this connection's cursors from those of an earlier one with the same id. */
  readonly #epoch = randomBytes(4).toString('hex');
  #transport: Transport | undefined;
  #sentThrough = 0;
  #groups: readonly string[] = [];
  /** `G` of the groups above, once there have been any. */
  #groupsToken: string | undefined;
  #isGroupsUnsent = false;
  #isClosed = false;
  #stalledMs = 0;
  /** Runs to the disconnect timeout while detached, to the end of the poll while one waits. */
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ConnectionParts) {
    this.id = parts.id;
    this.user = parts.user;
    this.#parts = parts;
    this.invocations = new InvocationQueue(parts.limits.maxQueuedInvocations);
    this.#ring = new MessageRing(parts.limits.maxReplayMessages, parts.limits.maxReplayBytes);
    this.#awaitTransport();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get groups(): readonly string[] {
    return this.#groups;
  }

  setGroups(names: readonly string[]): void {
    this.#groups = [...names];
    this.#groupsToken = this.#parts.groupsToken(names);
    this.#isGroupsUnsent = true;
    this.#parts.scheduleFlush(this);
  }

  send(hub: string, method: string, args: readonly unknown[]): void {
    this.deliver(this.#parts.encode(hub, method, args));
  }

  /** Sends under each name that the client calls the hub by, so that its proxy dispatches it. */
  deliver(message: HubMessage): void {
    const names = this.#parts.subscribedHubs.get(message.hub) ?? [];
    for (const name of names) this.#push(message.under(name));
  }

  #push(message: EncodedMessage): void {
    if (this.#isClosed) return;
    if (this.#ring.wouldLose(this.#sentThrough, message.bytes)) {
      this.flush();
      // An unsent message would be lost: whatever the client's cursor is, it has missed one.
      if (this.#ring.wouldLose(this.#sentThrough, message.bytes)) {
        this.shut({});
        return;
      }
    }
    this.#ring.push(message);
    this.#parts.scheduleFlush(this);
  }

  /** Returns the sequence number of a cursor; undefined when messages after it are gone. */
  sequenceOf(cursor: string | undefined): number | undefined {
    const [epoch, digits = ''] = (cursor || `${this.#epoch}-0`).split('-');
    const sequence = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
    return epoch === this.#epoch && this.#ring.covers(sequence) ? sequence : undefined;
  }

  /** Continues over `transport` from the client's position. */
  attach(transport: Transport, place: ClientPlace, flags: AttachFlags): void {
    if (this.#isClosed || transport.isClosed) {
      transport.destroy();
      return;
    }
    this.#release({});
    clearTimeout(this.#timer);
    this.#transport = transport;
    this.#sentThrough = place.sequence;
    this.#isGroupsUnsent = this.#groupsToken !== place.groupsToken;
    this.#stalledMs = 0;
    transport.onClosed(() => this.#detach(transport));
    if (!transport.isStreaming) {
      this.#startTimer(this.#parts.limits.connectionTimeoutMs, () => this.#write({}));
    }
    if (flags.isInit || flags.isPrompt) this.#write(flags);
    else this.flush();
  }

  /** Writes waiting output, if there is any and a transport. */
  flush(): void {
    if (this.#ring.lastSequence > this.#sentThrough || this.#isGroupsUnsent) this.#write({});
  }

  /** Answers a hub call on the socket it came by, after the messages sent before. */
  answer(transport: Transport, json: string): void {
    if (transport !== this.#transport) return;
    this.flush();
    transport.write(json);
    this.#checkPressure(transport);
  }

  keepAlive(): void {
    const transport = this.#transport;
    if (!transport?.isStreaming) return;
    this.#stalledMs =
      transport.bufferedBytes > 0 ? this.#stalledMs + this.#parts.limits.keepAliveIntervalMs : 0;
    if (this.#stalledMs >= this.#parts.limits.disconnectTimeoutMs) this.#cutOff(transport);
    else transport.write('{}');
  }

  close(): void {
    this.shut({ endReason: CLOSED_BY_SERVER });
  }

  /** Ends the connection and sends the client `flags` if it can still be reached. */
  shut(flags: FrameFlags): void {
    if (this.#isClosed) return;
    this.flush();
    this.#isClosed = true;
    this.#release(flags);
    clearTimeout(this.#timer);
    this.#ring.clear();
    this.#parts.onClosed(this);
  }

  #write(flags: FrameFlags): void {
    const transport = this.#transport;
    if (!transport) return;
    const messages = this.#ring.since(this.#sentThrough);
    this.#sentThrough = this.#ring.lastSequence;
    transport.write(this.#encode(flags, messages));
    this.#isGroupsUnsent = false;
    if (transport.isStreaming) this.#checkPressure(transport);
    else this.#detach(transport);
  }

  #encode(flags: FrameFlags, messages: readonly EncodedMessage[]): string {
    return encodeFrame({
      ...flags,
      cursor: `${this.#epoch}-${this.#sentThrough}`,
      groupsToken: this.#isGroupsUnsent ? this.#groupsToken : undefined,
      messages,
    });
  }

  /** Cuts off a client that does not read; its messages wait in the ring for its return. */
  #checkPressure(transport: Transport): void {
    if (transport.bufferedBytes > this.#parts.limits.maxBufferedBytes) this.#cutOff(transport);
  }

  #cutOff(transport: Transport): void {
    transport.destroy();
    this.#detach(transport);
  }

  /** Releases the transport; a waiting poll is owed an answer, a stream only `flags`. */
  #release(flags: FrameFlags): void {
    const transport = this.#transport;
    if (!transport) return;
    this.#transport = undefined;
    if (!transport.isStreaming || Object.keys(flags).length > 0) {
      transport.write(this.#encode(flags, []));
    }
    transport.end();
  }

  #detach(transport: Transport): void {
    if (this.#transport !== transport) return;
    this.#transport = undefined;
    this.#awaitTransport();
  }

  #awaitTransport(): void {
    this.#startTimer(this.#parts.limits.disconnectTimeoutMs, () => this.shut({}));
  }

  #startTimer(delayMs: number, onEnd: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onEnd, delayMs);
    this.#timer.unref();
  }
}
