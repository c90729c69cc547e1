import type { Logger } from 'pino';

/** Limit for each step of a stop that no setting limits, ms. */
export const STEP_TIMEOUT_MS = 3_000;

type Step = () => Promise<unknown> | unknown;

/**
 * Closes the parts of a server in the opposite order of their assembly, each within its limit. A
 * step that hangs or fails is logged and skipped, so that neither the next step nor the end of the
 * process waits for it.
 */
export class Disposal {
  readonly #stack = new AsyncDisposableStack();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /**
   * Registers a step of the disposal.
   * @param steps run side by side within one limit
   */
  add(name: string, steps: Step | readonly Step[], limitMs = STEP_TIMEOUT_MS): void {
    this.#stack.defer(() => this.run(name, steps, limitMs));
  }

  /** Runs a step now. Resolves when all are done, or after `limitMs`; never rejects. */
  async run(name: string, steps: Step | readonly Step[], limitMs = STEP_TIMEOUT_MS): Promise<void> {
    const all = Promise.all(
      (typeof steps === 'function' ? [steps] : steps).map(async (step) => {
        try {
          await step();
        } catch (cause) {
          this.#failed(name, cause);
        }
      }),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), limitMs);
    });
    const outcome = await Promise.race([all, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.#failed(name, new Error(`not done after ${limitMs} ms`));
  }

  /** Runs all registered steps, the newest first. May be called twice; never rejects. */
  async close(): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #failed(step: string, cause: unknown): void {
    this.#logger.error({ err: cause, step }, 'a step of the stop failed');
  }
}
