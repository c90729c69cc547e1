import type { Store } from '../ports/store.ts';

export interface StoreProbeOptions {
  readonly store: Pick<Store, 'mustAnswer'>;
  /** Whether another process may own it by now: then it is of no use, however well it answers. */
  isOwned(): boolean;
}

/** An answer that takes longer is none to whoever waits for it. */
const ANSWER_MS = 2_000;
/** However many ask, the store is asked this often at most. */
const FRESH_MS = 500;

/** Whether the store answers, for whoever watches over this process. */
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
