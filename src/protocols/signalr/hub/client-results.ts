import { ConnectionError, HubError } from '../codec/errors.ts';
import type { Outcome } from '../codec/messages.ts';
import type { InvokeOptions } from './hub.ts';

interface Pending {
  settle(outcome: Outcome): void;
  fail(error: Error): void;
}

/** Calls of the server to one client that await its Completion. */
export class ClientResults {
  readonly #defaultTimeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;

  constructor(defaultTimeoutMs: number) {
    this.#defaultTimeoutMs = defaultTimeoutMs;
  }

  /** Calls `send` with an invocation id; ids of the two sides are independent of each other. */
  call(send: (invocationId: string) => void, options: InvokeOptions): Promise<unknown> {
    this.#lastId++;
    const id = String(this.#lastId);
    return new Promise((resolve, reject) => {
      const abandon = (reason: string) => () => pending.fail(new ConnectionError(reason));
      const onAbort = abandon('The call was aborted.');
      const delayMs = options.timeoutMs ?? this.#defaultTimeoutMs;
      const timer = setTimeout(abandon('The client did not answer in time.'), delayMs).unref();
      const finish = () => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
      };
      const pending: Pending = {
        settle(outcome) {
          finish();
          if (outcome.kind === 'error') reject(new HubError(outcome.error));
          else resolve(outcome.kind === 'result' ? outcome.result : undefined);
        },
        fail(error) {
          finish();
          reject(error);
        },
      };
      this.#pending.set(id, pending);
      options.signal?.addEventListener('abort', onAbort);
      if (options.signal?.aborted) onAbort();
      else send(id);
    });
  }

  /** Returns false if no call awaits it: it is late, or it ends a stream of the client. */
  complete(invocationId: string, outcome: Outcome): boolean {
    const pending = this.#pending.get(invocationId);
    pending?.settle(outcome);
    return pending !== undefined;
  }

  stop(): void {
    for (const pending of this.#pending.values()) {
      pending.fail(new ConnectionError('The connection was closed.'));
    }
  }
}
