import type { Store } from '../ports/store.ts';

export interface StoreProbeOptions {
  readonly store: Pick<Store, 'mustAnswer'>;
  /** Returns false when another process may own the store by now, however well it answers. */
  isOwned(): boolean;
}

/** A slower answer is useless to the caller. */
const ANSWER_MS = 2_000;
/** Shortest interval between queries of the store, however many callers ask. */
const FRESH_MS = 500;

/** Reports whether the store answers, for health checks of this process. */
export class StoreProbe {
  readonly #options: StoreProbeOptions;
  #asked: { readonly atMs: number; readonly answer: Promise<boolean> } | undefined;

  constructor(options: StoreProbeOptions) {
    this.#options = options;
  }

  async answers(): Promise<boolean> {
    const now = performance.now();
    if (!this.#asked || now - this.#asked.atMs >= FRESH_MS) {
      this.#asked = { atMs: now, answer: this.#ask() };
    }
    return (await this.#asked.answer) && this.#options.isOwned();
  }

  async #ask(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), ANSWER_MS);
    });
    const asked = this.#options.store.mustAnswer().then(
      () => true,
      () => false,
    );
    const answer = await Promise.race([asked, late]);
    clearTimeout(timer);
    return answer;
  }
}
