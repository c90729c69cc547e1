import type { Ucc, UccSettings } from './api-types.ts';
import { itemsOf } from './calls.ts';
import type { Result } from './result.ts';
import type { Transport } from './transport.ts';

type Answer<Value> = Promise<Result<Value>>;

/** Queues, and how their calls are recorded. */
export class UccsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(): Answer<readonly Ucc[]> {
    return itemsOf(await this.#transport.request('GET /api/uccs', {}));
  }

  get(name: string): Answer<Ucc> {
    return this.#transport.request('GET /api/uccs/{name}', { path: { name } });
  }

  /** Creates it, or replaces all its settings; `reason` where it keeps recordings shorter. */
  put(name: string, body: UccSettings): Answer<Ucc> {
    return this.#transport.request('PUT /api/uccs/{name}', { path: { name }, body });
  }

  /** Changes what is given; `reason` where it keeps recordings shorter. */
  patch(name: string, body: UccSettings): Answer<Ucc> {
    return this.#transport.request('PATCH /api/uccs/{name}', { path: { name }, body });
  }
}
