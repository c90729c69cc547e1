import type { Operations } from './api-types.ts';
import { failure, type HushError, type Result, success } from './result.ts';

export interface HushOptions {
  /** Base URL of Hush: `https://hush.example.com`. */
  readonly url: string;
  /** A bearer token, or a function that fetches one for each request, so that it may be renewed. */
  readonly token?: string | (() => string | Promise<string>);
  readonly fetch?: typeof fetch;
  /** Time after which an unanswered request is given up. Default 10 s. */
  readonly timeoutMs?: number;
}

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Lets the request outlive the page. */
  readonly keepalive?: boolean;
}

export interface SendOptions extends RequestOptions {
  readonly body?: string | undefined;
}

type Operation = keyof Operations;
type Given<Name extends string, Value> = Value extends undefined
  ? { readonly [Key in Name]?: undefined }
  : Record<never, never> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

/** The input of an operation: path, query and body. */
export type Asked<Name extends Operation> = Given<'path', Operations[Name]['path']> &
  Given<'query', Operations[Name]['query']> &
  Given<'body', Operations[Name]['body']>;

/** The input of any operation. */
interface AnyAsked {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const NO_CONTENT = 204;
const RETRYABLE_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Requests to one Hush: every operation of its API and its errors, typed. */
export class Transport {
  readonly url: string;
  readonly #options: HushOptions;

  constructor(options: HushOptions) {
    this.#options = options;
    this.url = options.url.replace(/\/+$/, '');
  }

  get hasToken(): boolean {
    return this.#options.token !== undefined;
  }

  async token(): Promise<string | undefined> {
    const { token } = this.#options;
    return typeof token === 'function' ? token() : token;
  }

  /** Returns the JSON answer of an operation if its status is a success. */
  async request<Name extends Operation>(
    operation: Name,
    asked: Asked<Name>,
    options: RequestOptions = {},
  ): Promise<Result<Operations[Name]['answer']>> {
    const [method = 'GET', template = ''] = operation.split(' ');
    const { body } = asked as AnyAsked;
    const answered = await this.sendForJson(method, addressOf(template, asked as AnyAsked), {
      ...options,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answered.ok) return answered;
    const { response, body: read } = answered.value;
    if (!response.ok) return failure(httpError(response, read));
    if (read === undefined && response.status !== NO_CONTENT) {
      return failure(unexpected('the answer is not JSON'));
    }
    return success(read as Operations[Name]['answer']);
  }

  /** Returns the answer, whatever its status. The timeout ends when its headers arrive. */
  send(method: string, address: string, options: SendOptions = {}): Promise<Result<Response>> {
    return this.#exchange(method, address, options, async (response) => response);
  }

  /** Returns an answer whose body is a file if its status is a success. The caller reads it. */
  async file(address: string, options: SendOptions): Promise<Result<Response>> {
    const answered = await this.send('GET', address, options);
    if (!answered.ok || answered.value.ok) return answered;
    return failure(httpError(answered.value, await readJson(answered.value)));
  }

  /** Returns the answer and its JSON, undefined if it is none. The timeout ends when it is read. */
  sendForJson(
    method: string,
    address: string,
    options: SendOptions = {},
  ): Promise<Result<{ readonly response: Response; readonly body: unknown }>> {
    return this.#exchange(method, address, options, async (response) => ({
      response,
      body: await readJson(response),
    }));
  }

  async #exchange<Read>(
    method: string,
    address: string,
    { signal, headers, body, ...options }: SendOptions,
    read: (response: Response) => Promise<Read>,
  ): Promise<Result<Read>> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const given = signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal;
    try {
      const token = await unless(given, this.token());
      const response = await (this.#options.fetch ?? fetch)(this.url + address, {
        method,
        signal: given,
        headers: {
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        ...(options.keepalive ? { keepalive: true } : {}),
      });
      return success(await unless(given, read(response)));
    } catch (cause) {
      if (signal?.aborted) {
        return failure({ kind: 'aborted', message: 'the request was given up', retryable: false });
      }
      if (timeout.signal.aborted) {
        const message = `no answer within ${timeoutMs} ms`;
        return failure({ kind: 'timeout', message, retryable: true });
      }
      return failure(notReached(cause));
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Awaits the promise, but rejects once the signal aborts: not every promise heeds one. */
function unless<Value>(signal: AbortSignal, promised: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promised.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Fills in the names of the path, and appends the query. */
export function addressOf(template: string, { path = {}, query = {} }: AnyAsked): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(path[name])),
  );
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(
    given.flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
  );
  return given.length === 0 ? filled : `${filled}?${search}`;
}

/** Converts an unsuccessful answer to an error. */
export function httpError(response: Response, body: unknown): HushError {
  const { status } = response;
  const problem = body as { detail?: unknown; title?: unknown } | null | undefined;
  const words = problem?.detail ?? problem?.title;
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return {
    kind: 'http',
    status,
    message: typeof words === 'string' ? words : `Hush answered ${status}`,
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
    retryable: RETRYABLE_STATUSES.has(status),
  };
}

function notReached(cause: unknown): HushError {
  const { code } = ((cause as Error | undefined)?.cause ?? {}) as { code?: unknown };
  return {
    ...{ kind: 'network', message: 'Hush could not be reached', retryable: true },
    ...(typeof code === 'string' ? { cause: code } : {}),
  };
}

export function unexpected(message: string): HushError {
  return { kind: 'unexpected', message, retryable: false };
}

/** Returns undefined for invalid JSON, and for a connection that broke midway. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.text());
  } catch {
    return undefined;
  }
}
