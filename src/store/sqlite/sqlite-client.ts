import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteRequest } from './sqlite-thread.ts';

export type Statements = SqliteRequest['statements'];

interface Pending {
  resolve(answer: SqliteAnswer): void;
  reject(cause: Error): void;
}

/**
 * SQLite in a thread of its own, so that a slow disk stalls neither SIP nor the API. Requests are
 * answered in the order in which they were made.
 */
export class SqliteClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended: Error | undefined;
  #exited: Promise<void>;

  constructor(file: string) {
    // The thread is a `.ts` file in a checkout, and a `.js` file once Hush is compiled.
    const thread = new URL(`./sqlite-thread${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(thread, { name: 'hush database', workerData: { file } });
    this.#worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    this.#worker.on('error', (cause) => this.#failAll(cause as Error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#failAll(new Error('the database thread ended'));
        resolve();
      });
    });
  }

  /** @param epoch that the database must have, for statements that are one transaction */
  request(statements: Statements, atomic: boolean, epoch?: number): Promise<SqliteAnswer> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.postMessage({ id, atomic, statements, epoch } satisfies SqliteRequest);
    });
  }

  async close(): Promise<void> {
    this.#worker.postMessage('close');
    await this.#exited;
  }

  #settle(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (answer.error === undefined) pending?.resolve(answer);
    else pending?.reject(new Error(answer.error));
  }

  #failAll(cause: Error): void {
    this.#ended ??= cause;
    for (const pending of this.#pending.values()) pending.reject(cause);
    this.#pending.clear();
  }
}
