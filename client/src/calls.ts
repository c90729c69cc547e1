import type { Operations } from './api-types.ts';
import type { Result } from './result.ts';
import { addressOf, type RequestOptions, type Transport } from './transport.ts';

export type Call = Operations['GET /api/calls/{id}']['answer'];
export type CallHealth = Operations['GET /api/calls/{id}/health']['answer'];
export type Receipt = Operations['GET /api/calls/{id}/receipts']['answer']['items'][number];
export type CallEvent = Operations['GET /api/calls/{id}/events']['answer']['items'][number];
export type CallLevels = Operations['GET /api/calls/levels']['answer']['items'][number];
export type Pauses = Operations['GET /api/calls/{id}/pauses']['answer'];
type Answer<Value> = Promise<Result<Value>>;

interface TakeOptions {
  /** Repeating a request with the same key does not take a second pause. */
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

  /** Returns all events of the call, in order. */
  async events(): Answer<readonly CallEvent[]> {
    return itemsOf(
      await this.#transport.request('GET /api/calls/{id}/events', { path: this.#path }),
    );
  }

  /**
   * Answers with a WAV stream that lasts until the call ends or `signal` aborts: the recorded
   * audio, about a second behind.
   */
  audio(options: { readonly signal?: AbortSignal | undefined } = {}): Answer<Response> {
    return this.#transport.file(addressOf('/api/calls/{id}/audio', { path: this.#path }), options);
  }

  pauses(): Answer<Pauses> {
    return this.#transport.request('GET /api/calls/{id}/pauses', { path: this.#path });
  }

  /** Takes a pause with an owner of its own, which must be renewed. */
  takePause(
    body: Operations['POST /api/calls/{id}/pauses']['body'],
    { idempotencyKey, signal }: TakeOptions = {},
  ): Answer<Pauses> {
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

  /** Releases the pause; the request outlives the page that sends it. */
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
   * Returns the one call of this agent, by SIP URI or phone number. Fails if there is none, if
   * there are several, and if the answer names somebody else's.
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

  /** Returns the level of each party in the recorded audio; of at most 40 calls. */
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

/** Normalizes a party: a phone number to its digits, anything else to user and host. */
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
