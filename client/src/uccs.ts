import type { Operations } from './api-types.ts';
import { itemsOf } from './calls.ts';
import type { Result } from './result.ts';
import type { Transport } from './transport.ts';

export type Ucc = Operations['GET /api/uccs/{name}']['answer'];
export type UccSettings = Operations['PATCH /api/uccs/{name}']['body'];
type Answer<Value> = Promise<Result<Value>>;

/** Unified Contact Centers (UCCs) and their recording settings. */
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

  /** Creates a UCC, or replaces all its settings; shortening its retention needs a `reason`. */
  put(name: string, body: UccSettings): Answer<Ucc> {
    return this.#transport.request('PUT /api/uccs/{name}', { path: { name }, body });
  }

  /** Changes the given settings; shortening the retention needs a `reason`. */
  patch(name: string, body: UccSettings): Answer<Ucc> {
    return this.#transport.request('PATCH /api/uccs/{name}', { path: { name }, body });
  }
}
