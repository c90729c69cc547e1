import type { EncodedInvocation } from '../codec/encoded-invocation.ts';
import type { TransportName } from '../wire/wire.ts';

/** A hub owner's view of one client, from its handshake until its end. */
export interface HubConnection {
  /** Public: other clients may know it. The secret of a connection is its token. */
  readonly id: string;
  /** Result of the owner's authentication of the newest request that opened a transport. */
  readonly user: unknown;
  readonly transport: TransportName | undefined;
  /** Free for the owner's own data on the connection. */
  readonly items: Map<unknown, unknown>;
  /** Aborts when the connection is gone. */
  readonly signal: AbortSignal;
  /** Calls a method of the client without an answer. Dropped when the connection is gone. */
  send(target: string, args: readonly unknown[]): void;
  sendEncoded(invocation: EncodedInvocation): void;
  /** Resolves when less than `streamHighWaterBytes` waits for the client; undefined: now. */
  drained(): Promise<void> | undefined;
  /**
   * Calls a method of the client and awaits its result (clients from version 7 on). Rejects with
   * HubError (the client's error) or ConnectionError (timeout, gone, aborted).
   */
  invoke(target: string, args: readonly unknown[], options?: InvokeOptions): Promise<unknown>;
  /** Sends a closing message, then closes. May be called twice. */
  close(options?: CloseOptions): void;
  /** Closes without a message. */
  abort(): void;
}

export interface InvokeOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface CloseOptions {
  /** Shown to the client. */
  readonly error?: string;
  /** Clients with automatic reconnect come back. */
  readonly allowReconnect?: boolean;
}

/** Context of one call, besides its arguments. */
export interface HubCall {
  /** Aborts when the caller cancels or is gone. */
  readonly signal: AbortSignal;
  /** Streams the client sends along, in the order it names them. */
  readonly streams: readonly AsyncIterable<unknown>[];
}

/**
 * A method of the hub. Returning (a promise of) an AsyncIterable makes it a streaming method, which
 * clients call with StreamInvocation; any other must be called with Invocation. The kind is known
 * only once it has returned: a plain method called as a stream has run when the caller reads the
 * error.
 */
export type HubMethod = (
  connection: HubConnection,
  args: readonly unknown[],
  call: HubCall,
) => unknown;

export interface Hub {
  /** Found without regard to case, as servers of the vendor do. */
  readonly methods: Readonly<Record<string, HubMethod>>;
  /** Calls of the client wait until it has resolved; if it throws, the connection is closed. */
  onConnected?(connection: HubConnection): void | Promise<void>;
  /** Called once for every admitted connection; `error` is set if it did not end properly. */
  onDisconnected?(connection: HubConnection, error?: Error): void | Promise<void>;
}
