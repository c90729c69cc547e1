/**
 * Runs tasks one after the other, in the order in which they came; a failed task stops no later
 * one.
 */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  get idle(): boolean {
    return this.#waiting === 0;
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#waiting += 1;
    const result = this.#waiting === 1 ? task() : this.#tail.then(task, task);
    this.#tail = result.then(this.#settle, this.#settle);
    return result;
  }

  #settle = (): void => {
    this.#waiting -= 1;
  };
}
