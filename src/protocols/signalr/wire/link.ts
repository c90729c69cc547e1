import { randomBytes } from 'node:crypto';
import { Expiry } from './expiry.ts';
import type { TransportName, Wire } from './wire.ts';

/** The hub protocol's side of a link. */
export interface LinkHandler {
  /** True if a new wire may replace the present one (stateful reconnect). */
  readonly isResumable: boolean;
  close(options: { readonly error?: string; readonly allowReconnect?: boolean }): void;
  onAttached(wire: Wire): void;
  onChunk(chunk: Buffer, isText: boolean): void;
  onDrain(): void;
  /** Decides whether a lost wire may be replaced (stateful reconnect). */
  onLost(error?: Error): 'wait' | 'end';
  onEnded(error?: Error): void;
  /** Resolves when the client may send more; undefined: now. */
  readable(): Promise<void> | undefined;
}

export interface LinkOptions {
  readonly user: unknown;
  /** Negotiate version 0 has one identifier for both uses. */
  readonly tokenIsId: boolean;
  readonly statefulReconnect: boolean;
  readonly disconnectTimeoutMs: number;
  readonly closeTimeoutMs: number;
  /** Bytes that a client may send before it has a transport. */
  readonly maxEarlyBytes: number;
  /** Unix ms; undefined: never. */
  expiresAt(user: unknown): number | undefined;
  onEnded(link: Link): void;
}

/** Returns 16 random bytes, URL-safe: the JS client appends the token to its URLs unescaped. */
function randomId(): string {
  return randomBytes(16).toString('base64url');
}

/**
 * A connection below the hub protocol: its identity, and its current wire, if any. It ends when its
 * wire is lost for good or none comes within `disconnectTimeoutMs`.
 */
export class Link {
  readonly id = randomId();
  readonly token: string;
  readonly statefulReconnect: boolean;
  #user: unknown;
  readonly #expiry: Expiry;
  /** Chosen by the first request after negotiation; cannot change. */
  transport: TransportName | undefined;
  wire: Wire | undefined;
  handler: LinkHandler | undefined;
  readonly #options: LinkOptions;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #receiving: Promise<void> = Promise.resolve();
  /** Data that came before the transport, which then takes it. */
  #early: Buffer[] = [];
  #earlyBytes = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.token = options.tokenIsId ? this.id : randomId();
    this.statefulReconnect = options.statefulReconnect;
    this.#user = options.user;
    this.#expiry = new Expiry(() => this.#expired());
    this.#expiry.extend(options.expiresAt(options.user));
    this.#awaitWire();
  }

  get user(): unknown {
    return this.#user;
  }

  /** A later request brings the same user with credentials that last longer. */
  set user(user: unknown) {
    if (this.#expiry.extend(this.#options.expiresAt(user))) this.#user = user;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Attaches a wire; the previous one is replaced and gets nothing any more. */
  attach(wire: Wire): void {
    clearTimeout(this.#timer);
    const replaced = this.wire;
    this.wire = wire;
    this.transport = wire.transport;
    replaced?.destroy();
    wire.listen({
      onChunk: (chunk, isText) => this.wire === wire && this.handler?.onChunk(chunk, isText),
      onDrain: () => this.wire === wire && this.handler?.onDrain(),
      onLost: (error) => this.wire === wire && this.#lost(error),
    });
    this.handler?.onAttached(wire);
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const chunk of early) this.handler?.onChunk(chunk, false);
  }

  /**
   * Takes the body of a POST, one at a time in order of arrival: `read` is called when its turn
   * comes. One that comes before the transport waits for it, as with the vendor's server. `gone`:
   * the link had ended by then; `full`: too much waits.
   */
  receive(read: () => Promise<Buffer>): Promise<'taken' | 'gone' | 'full'> {
    const turn = this.#receiving.then(async () => {
      const body = await read();
      if (this.#ended) return 'gone';
      if (this.transport === undefined) return this.#keepEarly(body);
      this.handler?.onChunk(body, false);
      await this.handler?.readable();
      return 'taken';
    });
    this.#receiving = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  #keepEarly(body: Buffer): 'taken' | 'full' {
    if (body.length === 0) return 'taken';
    if (this.#earlyBytes + body.length > this.#options.maxEarlyBytes) return 'full';
    this.#early.push(body);
    this.#earlyBytes += body.length;
    return 'taken';
  }

  /** Closes after a last message: written output still arrives. */
  close(): void {
    if (this.wire === undefined) {
      this.end();
      return;
    }
    // A paused wire would not notice the client's close.
    this.wire.resume();
    this.wire.close();
    this.#endAfter(this.#options.closeTimeoutMs);
  }

  /** Ends the link. Idempotent. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#expiry.stop();
    const { wire } = this;
    this.wire = undefined;
    wire?.destroy();
    this.#options.onEnded(this);
    this.handler?.onEnded(error);
  }

  /** Ends a link whose client may come back with fresh credentials, as a new connection. */
  #expired(): void {
    if (this.handler && this.wire) this.handler.close({ allowReconnect: true });
    else this.end();
  }

  #lost(error?: Error): void {
    this.wire = undefined;
    if (this.handler?.onLost(error) === 'wait') this.#awaitWire(error);
    else this.end(error);
  }

  #awaitWire(error?: Error): void {
    this.#endAfter(this.#options.disconnectTimeoutMs, error);
  }

  #endAfter(delayMs: number, error?: Error): void {
    clearTimeout(this.#timer);
    if (this.#ended) return;
    this.#timer = setTimeout(() => this.end(error), delayMs).unref();
  }
}
