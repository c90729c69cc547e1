import { Link, type LinkOptions } from './link.ts';
import type { SignalrLimits } from './options.ts';

type LinkLimits = Pick<SignalrLimits, 'maxConnections' | 'disconnectTimeoutMs' | 'closeTimeoutMs'>;

/** All links by their token, bounded. */
export class Links {
  readonly #byToken = new Map<string, Link>();
  readonly #limits: LinkLimits;

  constructor(limits: LinkLimits) {
    this.#limits = limits;
  }

  /** Undefined when there are as many as there may be. */
  open(
    options: Omit<LinkOptions, 'disconnectTimeoutMs' | 'closeTimeoutMs' | 'onEnded'>,
  ): Link | undefined {
    if (this.#byToken.size >= this.#limits.maxConnections) return undefined;
    const link = new Link({
      ...options,
      disconnectTimeoutMs: this.#limits.disconnectTimeoutMs,
      closeTimeoutMs: this.#limits.closeTimeoutMs,
      onEnded: (ended) => this.#byToken.delete(ended.token),
    });
    this.#byToken.set(link.token, link);
    return link;
  }

  find(token: string): Link | undefined {
    return this.#byToken.get(token);
  }

  all(): readonly Link[] {
    return [...this.#byToken.values()];
  }
}
