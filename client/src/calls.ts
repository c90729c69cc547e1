import type {
  Call,
  CallEvent,
  CallHealth,
  CallLevels,
  Operations,
  PauseRequest,
  Pauses,
  Receipt,
} from './api-types.ts';
import type { Result } from './result.ts';
import { addressOf, type RequestOptions, type Transport } from './transport.ts';

type Answer<Value> = Promise<Result<Value>>;

interface TakeOptions {
  /** The same key with the same request is the same pause, however often it arrives. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal | undefined;
}

interface OnBehalf {
  /** SIP or tel URI of an agent or supervisor of the call's UCC. */
  readonly requester?: string;
}

interface RenewOptions extends OnBehalf {
  readonly ttlMs?: number;
  readonly timeoutMs?: number;
}

/** One call, by its id or its correlation id. */
export class CallHandle {
  readonly id: string;
  readonly #transport: Transport;

  constructor(transport: Transport, id: string) {
    this.#transport = transport;
    this.id = id;
  }

  get(): Answer<Call> {
    return this.#transport.request('GET /api/calls/{id}', { path: this.#path });
  }

  health(): Answer<CallHealth> {
    return this.#transport.request('GET /api/calls/{id}/health', { path: this.#path });
  }

  async receipts(): Answer<readonly Receipt[]> {
    return itemsOf(
      await this.#transport.request('GET /api/calls/{id}/receipts', { path: this.#path }),
    );
  }

  /** All that has happened to it, in its order. */
  async events(): Answer<readonly CallEvent[]> {
    return itemsOf(
      await this.#transport.request('GET /api/calls/{id}/events', { path: this.#path }),
    );
  }

  /**
   * The answer whose body is a WAV that goes on until the call ends or `signal` aborts: what is
   * recorded, about a second behind.
   */
  audio(options: { readonly signal?: AbortSignal | undefined } = {}): Answer<Response> {
    return this.#transport.file(addressOf('/api/calls/{id}/audio', { path: this.#path }), options);
  }

  pauses(): Answer<Pauses> {
    return this.#transport.request('GET /api/calls/{id}/pauses', { path: this.#path });
  }

  /** A pause of an owner of its own, which must be renewed. */
  takePause(body: PauseRequest, { idempotencyKey, signal }: TakeOptions = {}): Answer<Pauses> {
    const headers: Record<string, string> =
      idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey };
    const asked = { path: this.#path, body };
    return this.#transport.request('POST /api/calls/{id}/pauses', asked, { headers, signal });
  }

  renewPause(owner: string, { ttlMs, requester, timeoutMs }: RenewOptions = {}): Answer<Pauses> {
    const asked = {
      path: { ...this.#path, owner },
      body: {
        ...(ttlMs === undefined ? {} : { ttlMs }),
        ...(requester === undefined ? {} : { requester }),
      },
    };
    const options: RequestOptions = timeoutMs === undefined ? {} : { timeoutMs };
    return this.#transport.request('PUT /api/calls/{id}/pauses/{owner}', asked, options);
  }

  /** Outlives the page that sends it. */
  releasePause(owner: string, { requester }: OnBehalf = {}): Answer<Pauses> {
    const query = requester === undefined ? {} : { requester };
    const asked = { path: { ...this.#path, owner }, query };
    const options = { keepalive: true };
    return this.#transport.request('DELETE /api/calls/{id}/pauses/{owner}', asked, options);
  }

  get #path(): { id: string } {
    return { id: this.id };
  }
}

/** Calls in progress. */
export class CallsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async list(
    query: Operations['GET /api/calls']['query'] = {},
    options: RequestOptions = {},
  ): Answer<readonly Call[]> {
    return itemsOf(await this.#transport.request('GET /api/calls', { query }, options));
  }

  /**
   * The one call that this agent is on, by SIP URI or phone number. Fails where there is none,
   * where there are several, and where the answer names somebody else's.
   */
  async ofAgent(
    agent: string,
    { ucc, ...options }: RequestOptions & { readonly ucc?: string } = {},
  ): Answer<CallHandle> {
    if (typeof agent !== 'string' || partyOf(agent) === '') return noCall('no agent is named');
    const listed = await this.list({ agent, ...(ucc === undefined ? {} : { ucc }) }, options);
    if (!listed.ok) return listed;
    const [call, ...others] = listed.value;
    if (!call) return noCall('the agent is on no call');
    if (others.length > 0) return noCall(`the agent is on ${listed.value.length} calls`);
    const isTheirs = call.parties.some(({ aor }) => partyOf(aor) === partyOf(agent));
    if (!isTheirs) return noCall('the call that was found is somebody else’s');
    return { ok: true, value: new CallHandle(this.#transport, call.id) };
  }

  /** How loud each party is in what is being recorded; of at most 40 calls. */
  async levels(
    ids: readonly string[],
    options: RequestOptions = {},
  ): Answer<readonly CallLevels[]> {
    const asked = { query: { id: [...ids] } };
    return itemsOf(await this.#transport.request('GET /api/calls/levels', asked, options));
  }
}

function noCall(message: string): Result<never> {
  return { ok: false, error: { kind: 'noCall', message, retryable: true } };
}

/** A party however it is written: a phone number by its digits, anything else as user and host. */
function partyOf(uri: string): string {
  const bare = uri.trim().replace(/^(sips?|tel):/i, '');
  const [address = ''] = bare.split(/[;?]/, 1);
  const user = (address.split('@', 1)[0] ?? '').replace(/%2b/i, '+').replace(/[\s().-]/g, '');
  return /^\+?\d{3,}$/.test(user) ? user : address.toLowerCase();
}

export function itemsOf<Item>(
  result: Result<{ readonly items: readonly Item[] }>,
): Result<readonly Item[]> {
  return result.ok ? { ok: true, value: result.value.items } : result;
}
