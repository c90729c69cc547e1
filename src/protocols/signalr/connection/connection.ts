import type { Codec } from '../codec/codec.ts';
import type { EncodedInvocation } from '../codec/encoded-invocation.ts';
import {
  ConnectionError,
  explainClose,
  isProtocolFailure,
  ProtocolError,
} from '../codec/errors.ts';
import { MessageType } from '../codec/messages.ts';
import { RecordReader } from '../codec/record-reader.ts';
import { Admission } from '../hub/admission.ts';
import type { CloseOptions, HubConnection, InvokeOptions } from '../hub/hub.ts';
import { HubClient } from '../hub/hub-client.ts';
import type { MethodTable } from '../hub/method-table.ts';
import type { Settings } from '../hub/options.ts';
import type { Link, LinkHandler } from '../wire/link.ts';
import type { FlushSchedule } from '../wire/outbox.ts';
import { ReadGate } from '../wire/read-gate.ts';
import type { Wire } from '../wire/wire.ts';
import { Conversation } from './conversation.ts';
import { handshakeResponse, readHandshake } from './handshake.ts';
import { Heartbeat } from './heartbeat.ts';
import { Sender } from './sender.ts';

/** Shared by all connections of a server. */
export interface ConnectionHost {
  readonly settings: Settings;
  readonly methods: MethodTable;
  readonly codecs: ReadonlyMap<string, Codec>;
  readonly schedule: FlushSchedule;
  onOpened(client: HubConnection): void;
  onClosed(client: HubConnection): void;
}

/**
 * The hub protocol on one link: when it begins, continues and ends. Longer than most files here, so
 * that every way into `closed` is seen on one page.
 *
 *   handshake --request understood--> open --Close, silence, bad input, link ended--> closed
 *       \------- request refused or too late, link ended ----------------------------^
 */
export class ServerConnection implements LinkHandler {
  readonly client: HubConnection;
  readonly #link: Link;
  readonly #host: ConnectionHost;
  readonly #reader: RecordReader;
  readonly #sender: Sender;
  readonly #heartbeat: Heartbeat;
  readonly #gate = new ReadGate((open) => this.#onGate(open));
  readonly #admission: Admission;
  readonly #gone = new AbortController();
  /** Undefined until the handshake. */
  #conversation: Conversation | undefined;
  #closed = false;
  #handshakeTimer: NodeJS.Timeout | undefined;

  constructor(link: Link, host: ConnectionHost) {
    const { settings } = host;
    this.client = new HubClient(this, link);
    this.#link = link;
    this.#host = host;
    this.#reader = new RecordReader(settings.maxMessageBytes);
    this.#admission = new Admission(settings.hub, settings.onError);
    this.#heartbeat = new Heartbeat({
      keepAliveIntervalMs: settings.keepAliveIntervalMs,
      clientTimeoutMs: settings.clientTimeoutMs,
      ping: () => this.#conversation?.write({ type: MessageType.ping }),
      onSilence: () => this.#fail(new ConnectionError('The client was silent for too long.')),
    });
    this.#sender = new Sender({
      schedule: host.schedule,
      limits: settings,
      onWritten: () => this.#heartbeat.sent(),
      onOverflow: () => this.#link.end(new ConnectionError('The client does not read.')),
    });
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** True if a new socket may replace the present one (stateful reconnect). */
  get isResumable(): boolean {
    return !this.#closed && this.#conversation?.stateful === true;
  }

  sendEncoded(invocation: EncodedInvocation): void {
    this.#conversation?.sendEncoded(invocation);
  }

  drained(): Promise<void> | undefined {
    return this.#closed ? undefined : this.#sender.drained();
  }

  invoke(target: string, args: readonly unknown[], options: InvokeOptions): Promise<unknown> {
    if (this.#closed || this.#conversation === undefined) {
      return Promise.reject(new ConnectionError('The connection was closed.'));
    }
    return this.#conversation.invoke(target, args, options);
  }

  /** Sends the closing message of the current phase. */
  close({ error, allowReconnect }: CloseOptions, cause?: Error): void {
    if (this.#closed) return;
    if (this.#conversation === undefined) {
      this.#sender.send(handshakeResponse(error ?? 'The server closes the connection.'), false);
    } else {
      this.#conversation.write({
        type: MessageType.close,
        ...(error === undefined ? {} : { error }),
        ...(allowReconnect === undefined ? {} : { allowReconnect }),
      });
    }
    this.#sender.flush();
    this.#finish(cause);
    this.#link.close();
  }

  onAttached(wire: Wire): void {
    this.#sender.detach();
    this.#sender.attach(wire);
    if (this.#conversation !== undefined) {
      this.#resume(wire, this.#conversation);
      return;
    }
    const tooLate = () => this.#fail(new ProtocolError('The handshake took too long.'));
    const { handshakeTimeoutMs } = this.#host.settings;
    this.#handshakeTimer = setTimeout(tooLate, handshakeTimeoutMs).unref();
  }

  onChunk(chunk: Buffer, isText: boolean): void {
    if (this.#closed) return;
    this.#heartbeat.received();
    try {
      if (isText && this.#conversation?.codec.binary) {
        throw new ProtocolError('A text frame holds no MessagePack.');
      }
      this.#reader.push(chunk);
      this.#readRecords();
    } catch (error) {
      this.#fail(error);
    }
  }

  onDrain(): void {
    this.#sender.wake();
  }

  onLost(error?: Error): 'wait' | 'end' {
    // A client that closed the socket properly does not return; one that broke the rules must not.
    const isOver = error === undefined || error instanceof ProtocolError;
    if (isOver || !this.isResumable) return 'end';
    this.#sender.detach();
    this.#heartbeat.stop();
    return 'wait';
  }

  onEnded(error?: Error): void {
    this.#finish(error);
  }

  readable(): Promise<void> | undefined {
    return this.#closed ? undefined : this.#gate.ready();
  }

  #readRecords(): void {
    while (!this.#closed) {
      const record = this.#reader.next();
      if (record === undefined) return;
      if (this.#conversation === undefined) this.#begin(record);
      else this.#conversation.receive(record);
    }
  }

  /** Reads the first record, which must be a handshake request. */
  #begin(record: Buffer): void {
    const { wire, statefulReconnect } = this.#link;
    if (wire === undefined) return;
    const { codec, version } = readHandshake(record, this.#host.codecs, wire.carriesBinary);
    clearTimeout(this.#handshakeTimer);
    this.#reader.framing = codec.framing;
    wire.binary = codec.binary;
    this.#sender.send(handshakeResponse(), false);
    this.#sender.flush();
    const { settings, methods } = this.#host;
    this.#conversation = new Conversation({
      codec,
      settings,
      methods,
      sender: this.#sender,
      gate: this.#gate,
      connection: this.client,
      stateful: statefulReconnect && version >= 2 && wire.transport === 'WebSockets',
      onClose: () => this.#onGoodbye(),
    });
    if (!wire.inherentKeepAlive) this.#heartbeat.start();
    this.#admit(this.#conversation);
  }

  #admit(conversation: Conversation): void {
    const letCallsIn = conversation.holdCalls();
    this.#host.onOpened(this.client);
    void this.#admission.welcome(this.client).then((admitted) => {
      if (!admitted) this.close({ error: 'Connection closed with an error.' });
      letCallsIn();
    });
  }

  #resume(wire: Wire, conversation: Conversation): void {
    wire.binary = conversation.codec.binary;
    this.#reader.clear();
    conversation.resume();
    this.#heartbeat.start();
    if (!this.#gate.open) this.#onGate(false);
  }

  #onGoodbye(): void {
    this.#finish();
    this.#link.close();
  }

  #onGate(open: boolean): void {
    if (open) {
      this.#link.wire?.resume();
      this.#heartbeat.listenAgain();
    } else {
      this.#link.wire?.pause();
      this.#heartbeat.stopListening();
    }
  }

  /** Ends the connection; the client is told only messages of our own. */
  #fail(cause: unknown): void {
    if (!isProtocolFailure(cause)) this.#host.settings.onError(cause);
    const error = explainClose(cause, this.#conversation === undefined);
    this.close({ error }, cause instanceof Error ? cause : new ConnectionError(String(cause)));
  }

  /** Finishes once: the only way out. */
  #finish(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#handshakeTimer);
    this.#heartbeat.stop();
    this.#conversation?.stop();
    this.#gone.abort();
    this.#sender.wake(true);
    this.#gate.wake();
    if (this.#conversation === undefined) return;
    this.#host.onClosed(this.client);
    this.#admission.farewell(this.client, error);
  }
}
