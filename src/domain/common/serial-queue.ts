/** Runs tasks one after the other, in order of arrival; a failed task stops no later one. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  get idle(): boolean {
    return this.#waiting === 0;
  }

  run<Result>(task: () => Promise<Result>): Promise<Result> {
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    // Set before the task begins: tasks that it queues itself wait for its end.
    this.#tail = promise;
    this.#waiting += 1;
    const settle = (): void => {
      this.#waiting -= 1;
      resolve();
    };
    const result = this.#waiting === 1 ? task() : before.then(task);
    result.then(settle, settle);
    return result;
  }
}
