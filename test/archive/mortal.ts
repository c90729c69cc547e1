/** What a process does until it dies at one of its steps: before it, or right behind it. */
export class Mortal {
  steps = 0;
  #dead = false;
  readonly #last: number;
  readonly #when: 'before' | 'behind';

  constructor(last: number, when: 'before' | 'behind') {
    this.#last = last;
    this.#when = when;
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
    const result = await run();
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

  #mayDie(when: 'before' | 'behind'): void {
    if (this.steps === this.#last && when === this.#when) this.#dead = true;
    if (this.#dead) throw new Error('the process died');
  }
}
