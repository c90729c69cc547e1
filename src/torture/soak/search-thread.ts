import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SettledAudio, Target } from '../target.ts';

export interface SearchRequest {
  readonly id: number;
  readonly correlationId: string;
}

export type SearchAnswer =
  | { readonly id: number; readonly audio: SettledAudio }
  | { readonly id: number; readonly error: string };

interface Waiting {
  resolve(audio: SettledAudio): void;
  reject(cause: Error): void;
}

/**
 * Searches recordings for numbered frames in a thread of its own: recordings are megabytes, and the
 * senders of live calls must not wait for them.
 */
export class SearchThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor({ options }: Target) {
    // The thread is a `.ts` file in a checkout, and a `.js` file once Hush is compiled.
    const entry = new URL(`./search-worker${extname(import.meta.url)}`, import.meta.url);
    this.#worker = new Worker(entry, { name: 'torture search', workerData: options });
    this.#worker.on('message', (answer: SearchAnswer) => this.#answered(answer));
    this.#worker.on('error', (cause) => this.#failAll(cause as Error));
  }

  /** Does what `Target.settledAudio` does. */
  settledAudio(correlationId: string): Promise<SettledAudio> {
    this.#asked += 1;
    const request: SearchRequest = { id: this.#asked, correlationId };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
    this.#failAll(new Error('the search was ended'));
  }

  #answered(answer: SearchAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('audio' in answer) waiting?.resolve(answer.audio);
    else waiting?.reject(new Error(answer.error));
  }

  #failAll(cause: Error): void {
    for (const { reject } of this.#waiting.values()) reject(cause);
    this.#waiting.clear();
  }
}
