import { ConnectionError, describeError, HubError, ProtocolError } from '../codec/errors.ts';
import {
  type InvocationMessage,
  MessageType,
  type Outcome,
  type StreamInvocationMessage,
} from '../codec/messages.ts';
import type { ReadGate } from '../wire/read-gate.ts';
import { CallQueue, type CallQueueLimits } from './call-queue.ts';
import { ClientStream } from './client-stream.ts';
import type { HubConnection, HubMethod } from './hub.ts';
import type { MethodTable } from './method-table.ts';
import { forEachItem, isAsyncIterable } from './stream-items.ts';

/** A dispatcher's requirements on its connection. */
export interface DispatcherHost {
  readonly connection: HubConnection;
  readonly methods: MethodTable;
  readonly gate: ReadGate;
  readonly limits: CallQueueLimits & {
    readonly maxStreamBufferItems: number;
    readonly detailedErrors: boolean;
  };
  complete(invocationId: string, outcome: Outcome): void;
  /** Resolves when the client can take the next item; undefined: now. */
  sendItem(invocationId: string, item: unknown): Promise<void> | undefined;
  onError(error: unknown): void;
}

type CallMessage = InvocationMessage | StreamInvocationMessage;

interface Call {
  readonly message: CallMessage;
  readonly method: HubMethod;
  readonly controller: AbortController;
  readonly streams: readonly ClientStream[];
}

/** Carries out the calls of one client. Streams in either direction do not delay later calls. */
export class Dispatcher {
  readonly #host: DispatcherHost;
  readonly #queue: CallQueue;
  readonly #calls = new Set<Call>();
  readonly #callsById = new Map<string, Call>();
  readonly #streams = new Map<string, ClientStream>();

  constructor(host: DispatcherHost) {
    this.#host = host;
    this.#queue = new CallQueue(host.limits, host.gate);
  }

  /** Holds calls until the returned function is called. */
  hold(): () => void {
    return this.#queue.hold();
  }

  /** Throws ProtocolError if an id is in use. */
  invoke(message: CallMessage): void {
    const { invocationId } = message;
    const method = this.#host.methods.find(message.target);
    if (method === undefined) {
      this.#refuse(message);
      return;
    }
    if (invocationId !== undefined && this.#callsById.has(invocationId)) {
      throw new ProtocolError('The invocation ID is already in use.');
    }
    const streams = message.streamIds.map((id) => this.#openStream(id));
    const call = { message, method, streams, controller: new AbortController() };
    this.#calls.add(call);
    if (invocationId !== undefined) this.#callsById.set(invocationId, call);
    this.#queue.add((giveUpTurn) => this.#perform(call, giveUpTurn));
  }

  /** Cancels a call, which still sends its Completion; ignores an id that is not running. */
  cancel(invocationId: string): void {
    this.#callsById.get(invocationId)?.controller.abort();
  }

  /** Ignores items for a stream that is no longer read. */
  streamItem(streamId: string, item: unknown): void {
    this.#streams.get(streamId)?.push(item);
  }

  endStream(streamId: string, outcome: Outcome): void {
    const error = outcome.kind === 'error' ? new HubError(outcome.error) : undefined;
    this.#streams.get(streamId)?.end(error);
    this.#streams.delete(streamId);
  }

  /** Stops all calls, because the client is gone. */
  stop(): void {
    const gone = new ConnectionError('The connection was closed.');
    this.#queue.clear();
    for (const { streams, controller } of this.#calls) {
      for (const stream of streams) stream.end(gone);
      controller.abort(gone);
    }
    this.#calls.clear();
    this.#callsById.clear();
    this.#streams.clear();
  }

  #refuse({ target, invocationId }: CallMessage): void {
    if (invocationId === undefined) return;
    const summary = `Failed to invoke '${target}' due to an error on the server.`;
    const error = describeError(summary, new HubError('Method does not exist.'), false);
    this.#host.complete(invocationId, { kind: 'error', error });
  }

  #openStream(id: string): ClientStream {
    if (this.#streams.has(id)) throw new ProtocolError('The stream ID is already in use.');
    const stream = new ClientStream(this.#host.limits.maxStreamBufferItems, this.#host.gate);
    this.#streams.set(id, stream);
    return stream;
  }

  async #perform(call: Call, giveUpTurn: () => void): Promise<void> {
    if (call.streams.length > 0) giveUpTurn();
    const outcome = await this.#outcomeOf(call, giveUpTurn);
    for (const stream of call.streams) stream.discard();
    // Absent, because the connection is gone.
    if (!this.#calls.delete(call)) return;
    for (const id of call.message.streamIds) this.#streams.delete(id);
    const { invocationId } = call.message;
    if (invocationId === undefined) return;
    this.#callsById.delete(invocationId);
    this.#host.complete(invocationId, outcome);
  }

  async #outcomeOf(call: Call, giveUpTurn: () => void): Promise<Outcome> {
    const { message, method, streams, controller } = call;
    const { target } = message;
    const { signal } = controller;
    if (signal.aborted) return { kind: 'error', error: `Invocation of '${target}' was canceled.` };
    let result: unknown;
    try {
      result = await method(this.#host.connection, message.arguments, { signal, streams });
    } catch (error) {
      return this.#failure(
        `An unexpected error occurred invoking '${target}' on the server.`,
        error,
      );
    }
    if (message.type === MessageType.invocation) {
      if (!isAsyncIterable(result)) return plainOutcome(result);
      controller.abort();
      return mismatch(target, 'streaming', 'non-streaming');
    }
    if (!isAsyncIterable(result)) return mismatch(target, 'non-streaming', 'streaming');
    giveUpTurn();
    return await this.#stream(message.invocationId, result, signal);
  }

  async #stream(
    invocationId: string,
    items: AsyncIterable<unknown>,
    signal: AbortSignal,
  ): Promise<Outcome> {
    try {
      await forEachItem(items, signal, (item) => this.#host.sendItem(invocationId, item));
      return { kind: 'void' };
    } catch (error) {
      return this.#failure('An error occurred on the server while streaming results.', error);
    }
  }

  #failure(summary: string, error: unknown): Outcome {
    if (!(error instanceof HubError)) this.#host.onError(error);
    const { detailedErrors } = this.#host.limits;
    return { kind: 'error', error: describeError(summary, error, detailedErrors) };
  }
}

function plainOutcome(result: unknown): Outcome {
  return result === undefined ? { kind: 'void' } : { kind: 'result', result };
}

/** Returns the text of DefaultHubDispatcher in dotnet/aspnetcore. */
function mismatch(target: string, actual: string, used: string): Outcome {
  const attempt = `The client attempted to invoke the ${actual} '${target}' method`;
  const error = `${attempt} with a ${used} invocation.`;
  return { kind: 'error', error };
}
