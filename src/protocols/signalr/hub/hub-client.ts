import { EncodedInvocation } from '../codec/encoded-invocation.ts';
import type { Link } from '../wire/link.ts';
import type { TransportName } from '../wire/wire.ts';
import type { CloseOptions, HubConnection, InvokeOptions } from './hub.ts';

/** Services of a connection to its hub. */
export interface HubChannel {
  /** Aborted when the connection has ended. */
  readonly signal: AbortSignal;
  sendEncoded(invocation: EncodedInvocation): void;
  drained(): Promise<void> | undefined;
  invoke(target: string, args: readonly unknown[], options: InvokeOptions): Promise<unknown>;
  close(options: CloseOptions): void;
}

/** The part of a connection that its hub may see. */
export class HubClient implements HubConnection {
  readonly items = new Map<unknown, unknown>();
  readonly #connection: HubChannel;
  readonly #link: Link;

  constructor(connection: HubChannel, link: Link) {
    this.#connection = connection;
    this.#link = link;
  }

  get id(): string {
    return this.#link.id;
  }

  get user(): unknown {
    return this.#link.user;
  }

  get transport(): TransportName | undefined {
    return this.#link.transport;
  }

  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  send(target: string, args: readonly unknown[]): void {
    this.sendEncoded(new EncodedInvocation(target, args));
  }

  sendEncoded(invocation: EncodedInvocation): void {
    this.#connection.sendEncoded(invocation);
  }

  drained(): Promise<void> | undefined {
    return this.#connection.drained();
  }

  invoke(target: string, args: readonly unknown[], options: InvokeOptions = {}): Promise<unknown> {
    return this.#connection.invoke(target, args, options);
  }

  close(options: CloseOptions = {}): void {
    this.#connection.close(options);
  }

  abort(): void {
    this.#link.end();
  }
}
