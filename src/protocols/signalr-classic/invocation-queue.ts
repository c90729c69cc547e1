/** Runs the hub calls of one connection one after the other, so that they take effect in order. */
export class InvocationQueue {
  readonly #maxQueued: number;
  #queued = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxQueued: number) {
    this.#maxQueued = maxQueued;
  }

  /** Returns undefined when too many wait already. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#queued > this.#maxQueued) return undefined;
    this.#queued += 1;
    const result = this.#last.then(task).finally(() => {
      this.#queued -= 1;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
