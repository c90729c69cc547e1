import { closeSync } from 'node:fs';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts';
import { DescriptorTable } from './receiver/descriptor-table.ts';

type Request = Extract<ToWorker, { requestId: number }>;
type Reply = Extract<FromWorker, { requestId: number }>;
/** A request before it has its number. */
export type Unnumbered<T> = T extends unknown ? Omit<T, 'requestId'> : never;

/** Packets are garbage as soon as they are read, so a larger young generation only costs memory. */
const YOUNG_GENERATION_MIB = 2;

interface Pending {
  resolve(reply: Reply): void;
  reject(cause: Error): void;
}

export interface WorkerHandleOptions {
  readonly settings: Omit<WorkerSettings, 'descriptors'>;
  /** The most sockets that the thread has open at a time. */
  readonly sockets: number;
  /** The thread's entry; the recorder's own unless a test supplies one that stalls. */
  readonly entry?: URL;
  onMessage(message: FromWorker): void;
  /** Called when the thread ended without a request to end. */
  onDied(detail: string): void;
}

/** One media thread, and the replies awaited from it. */
export class WorkerHandle {
  readonly #worker: Worker;
  readonly #descriptors: DescriptorTable;
  readonly #pending = new Map<number, Pending>();
  #lastRequest = 0;
  #stopping = false;
  #exited = false;
  #detail = 'the media thread ended';

  constructor(options: WorkerHandleOptions) {
    const entry = options.entry ?? new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    this.#descriptors = new DescriptorTable(options.sockets);
    const descriptors = this.#descriptors.memory;
    this.#worker = new Worker(entry, {
      name: 'hush media',
      workerData: { ...options.settings, descriptors } satisfies WorkerSettings,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    this.#worker.on('message', (message: FromWorker) => {
      if ('requestId' in message) this.#settle(message);
      else options.onMessage(message);
    });
    this.#worker.on('error', (cause) => {
      this.#detail = cause instanceof Error ? cause.message : String(cause);
    });
    this.#worker.on('exit', () => {
      this.#exited = true;
      for (const descriptor of this.#descriptors.clear()) closeSync(descriptor);
      for (const pending of this.#pending.values()) pending.reject(new Error(this.#detail));
      this.#pending.clear();
      if (!this.#stopping) options.onDied(this.#detail);
    });
  }

  post(message: Exclude<ToWorker, Request>): void {
    this.#worker.postMessage(message);
  }

  /** Sends a request; rejects when the thread has ended, or ends before it replies. */
  request(message: Unnumbered<Request>): Promise<Reply> {
    if (this.#exited) return Promise.reject(new Error(this.#detail));
    this.#lastRequest += 1;
    const requestId = this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#pending.set(requestId, { resolve, reject });
      this.#worker.postMessage({ ...message, requestId });
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.requestId);
    this.#pending.delete(reply.requestId);
    pending?.resolve(reply);
  }
}
