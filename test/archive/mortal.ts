export type Death = 'before' | 'within' | 'behind';

/**
 * What a process does until it dies at one of its steps: before it, while it is under way, or right
 * behind it.
 */
export class Mortal {
  steps = 0;
  #dead = false;
  readonly #last: number;
  readonly #when: Death;
  readonly #kill: (() => void) | undefined;

  /** @param kill ends the process; without it every step from then on throws */
  constructor(last: number, when: Death, kill?: () => void) {
    this.#last = last;
    this.#when = when;
    this.#kill = kill;
  }

  get died(): boolean {
    return this.#dead;
  }

  /** The same object, each of whose asynchronous methods is a step. */
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
    this.#mayDie('before');
    const running = run();
    // What it asked of disk, database and bucket is on its way.
    if (this.#isLast('within')) setImmediate(() => this.#kill?.());
    const result = await running;
    try {
      this.#mayDie('behind');
    } catch (cause) {
      // The system closes what a dead process had open.
      await (result as Partial<{ close(): Promise<void> }> | undefined)?.close?.();
      throw cause;
    }
    this.steps += 1;
    return result;
  }

  async *#list(files: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    this.#mayDie('before');
    yield* files;
  }

  #isLast(when: Death): boolean {
    return this.steps === this.#last && when === this.#when;
  }

  #mayDie(when: Death): void {
    if (this.#isLast(when)) {
      this.#dead = true;
      this.#kill?.();
    }
    if (this.#dead) throw new Error('the process died');
  }
}
