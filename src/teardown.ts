type Step = () => Promise<unknown> | undefined;

/**
 * One step of a stop after the other, each under a deadline: what hangs or fails is reported and
 * passed over, so that the next step, and the end of the process, never wait for it.
 */
export class Teardown {
  readonly #onFailed: (step: string, cause: unknown) => void;

  constructor(onFailed: (step: string, cause: unknown) => void) {
    this.#onFailed = onFailed;
  }

  /** Runs them side by side; resolves when all are done, or after `limitMs`. Never rejects. */
  async step(name: string, limitMs: number, ...runs: readonly Step[]): Promise<void> {
    const all = Promise.all(
      runs.map(async (run) => {
        try {
          await run();
        } catch (cause) {
          this.#onFailed(name, cause);
        }
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitMs);
    });
    const outcome = await Promise.race([all, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.#onFailed(name, new Error(`not done after ${limitMs} ms`));
  }
}

/** What has been begun, to be undone in the opposite order where the rest of it fails. */
export class Begun {
  readonly #undo: { readonly name: string; readonly run: Step }[] = [];

  add(name: string, run: Step): void {
    this.#undo.push({ name, run });
  }

  async undo(teardown: Teardown, limitMs: number): Promise<void> {
    for (const { name, run } of this.#undo.splice(0).reverse()) {
      await teardown.step(name, limitMs, run);
    }
  }
}
