import type { Codec } from '../codec/codec.ts';
import type { EncodedInvocation } from '../codec/encoded-invocation.ts';
import { type HubMessage, isTracked, MessageType, type Outcome } from '../codec/messages.ts';
import { ClientResults } from '../hub/client-results.ts';
import { Dispatcher } from '../hub/dispatcher.ts';
import type { HubConnection, InvokeOptions } from '../hub/hub.ts';
import type { MethodTable } from '../hub/method-table.ts';
import type { Settings } from '../hub/options.ts';
import type { ReadGate } from '../wire/read-gate.ts';
import { InboundSequence } from './inbound-sequence.ts';
import type { Sender } from './sender.ts';

export interface ConversationOptions {
  readonly codec: Codec;
  readonly settings: Settings;
  readonly methods: MethodTable;
  readonly sender: Sender;
  readonly gate: ReadGate;
  readonly connection: HubConnection;
  /** Both sides number their messages, and a new socket may continue them. */
  readonly stateful: boolean;
  /** Called when the client closes the connection. */
  onClose(): void;
}

/** Hub messages of one client after the handshake: reads and dispatches each. */
export class Conversation {
  readonly stateful: boolean;
  readonly codec: Codec;
  readonly #options: ConversationOptions;
  readonly #dispatcher: Dispatcher;
  readonly #results: ClientResults;
  readonly #inbound: InboundSequence | undefined;
  #stopped = false;

  constructor(options: ConversationOptions) {
    const { settings, sender } = options;
    this.#options = options;
    this.codec = options.codec;
    this.stateful = options.stateful;
    this.#results = new ClientResults(settings.clientResultTimeoutMs);
    this.#dispatcher = new Dispatcher({
      connection: options.connection,
      methods: options.methods,
      gate: options.gate,
      limits: settings,
      complete: (invocationId, outcome) => this.#complete(invocationId, outcome),
      sendItem: (invocationId, item) => {
        this.write({ type: MessageType.streamItem, invocationId, item });
        return sender.drained();
      },
      onError: settings.onError,
    });
    if (!options.stateful) return;
    sender.startReplay();
    this.#inbound = new InboundSequence(settings.acknowledgeDelayMs, (sequenceId) => {
      this.write({ type: MessageType.acknowledgement, sequenceId });
    });
  }

  /** Throws ProtocolError. */
  receive(record: Buffer): void {
    const message = this.codec.decode(record);
    if (message === undefined || this.#inbound?.accepts(message) === false) return;
    this.#route(message);
  }

  write(message: HubMessage): void {
    if (this.#stopped) return;
    this.#options.sender.send(this.codec.encode(message), isTracked(message));
  }

  sendEncoded(invocation: EncodedInvocation): void {
    if (this.#stopped) return;
    this.#options.sender.send(invocation.record(this.codec), true);
  }

  invoke(target: string, args: readonly unknown[], options: InvokeOptions): Promise<unknown> {
    const type = MessageType.invocation;
    return this.#results.call((invocationId) => {
      this.write({ type, invocationId, target, arguments: args, streamIds: [] });
    }, options);
  }

  /** Holds the client's calls until the returned function is called. */
  holdCalls(): () => void {
    return this.#dispatcher.hold();
  }

  /**
   * Resumes on a new socket: each side states its beginning, then repeats unacknowledged records.
   */
  resume(): void {
    this.#inbound?.expectSequence();
    const type = MessageType.sequence;
    this.#options.sender.resend((sequenceId) => this.codec.encode({ type, sequenceId }));
  }

  stop(): void {
    this.#stopped = true;
    this.#inbound?.stop();
    this.#results.stop();
    this.#dispatcher.stop();
  }

  #route(message: HubMessage): void {
    switch (message.type) {
      case MessageType.invocation:
      case MessageType.streamInvocation:
        this.#dispatcher.invoke(message);
        break;
      case MessageType.streamItem:
        this.#dispatcher.streamItem(message.invocationId, message.item);
        break;
      case MessageType.completion:
        if (this.#results.complete(message.invocationId, message.outcome)) break;
        this.#dispatcher.endStream(message.invocationId, message.outcome);
        break;
      case MessageType.cancelInvocation:
        this.#dispatcher.cancel(message.invocationId);
        break;
      case MessageType.acknowledgement:
        this.#options.sender.acknowledge(message.sequenceId);
        break;
      case MessageType.close:
        this.#options.onClose();
        break;
    }
  }

  #complete(invocationId: string, outcome: Outcome): void {
    const type = MessageType.completion;
    try {
      this.write({ type, invocationId, outcome });
    } catch (failure) {
      // The result cannot be encoded: a cycle, a BigInt.
      this.#options.settings.onError(failure);
      const error = 'An error occurred on the server while sending the result.';
      this.write({ type, invocationId, outcome: { kind: 'error', error } });
    }
  }
}
