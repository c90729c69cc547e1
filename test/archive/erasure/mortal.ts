export type Death = 'before' | 'within' | 'behind';

/** A process that dies at one of its steps: before, during or right after it. */
export class Mortal {
  #steps = 0;
  #dead = false;
  readonly #last: number;
  readonly #when: Death;
  readonly #kill: (() => void) | undefined;

  /** @param kill ends the process; by default every later step throws */
  constructor(last: number, when: Death, kill?: () => void) {
    this.#last = last;
    this.#when = when;
    this.#kill = kill;
  }

  get died(): boolean {
    return this.#dead;
  }

  /** Wraps an object so that each of its asynchronous methods is a step. */
  of<Target extends object>(target: Target): Target {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object);
        if (typeof value !== 'function') return value;
        if (name === 'list') return (...parts: unknown[]) => this.#list(value.apply(object, parts));
        return (...parts: unknown[]) => this.#step(() => value.apply(object, parts));
      },
    });
  }

  async #step(run: () => unknown): Promise<unknown> {
    // Steps may overlap: each is numbered when it begins.
    const step = this.#steps;
    this.#steps += 1;
    this.#mayDie('before', step);
    const running = run();
    // Its requests to disk, database and bucket are on their way.
    if (this.#isLast('within', step)) setImmediate(() => this.#kill?.());
    const result = await running;
    try {
      this.#mayDie('behind', step);
    } catch (cause) {
      // The system closes the files of a dead process.
      await (result as Partial<{ close(): Promise<void> }> | undefined)?.close?.();
      throw cause;
    }
    return result;
  }

  async *#list(files: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    if (this.#dead) throw new Error('the process died');
    yield* files;
  }

  #isLast(when: Death, step: number): boolean {
    return step === this.#last && when === this.#when;
  }

  #mayDie(when: Death, step: number): void {
    if (this.#isLast(when, step)) {
      this.#dead = true;
      this.#kill?.();
    }
    if (this.#dead) throw new Error('the process died');
  }
}
