import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { DeliveryFailure } from '../domain/model/webhook.ts';
import {
  AddressRefusedError,
  type AddressRule,
  type AllLookup,
  guardedLookup,
  leadsToRefused,
} from './address-guard.ts';
import { parseRetryAfter } from './back-off.ts';

/** Concurrent connections to one receiver; deliveries of further UCCs wait for one. */
const MAX_SOCKETS = 32;
const MAX_IDLE_SOCKETS = 4;
const MAX_RESPONSE_BYTES = 64 * 1024;

export interface SenderOptions {
  readonly timeoutMs: number;
  readonly isRefused: AddressRule;
  readonly lookup?: AllLookup | undefined;
  now(): number;
}

export interface OutgoingDelivery {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** Aborts the attempt at once. */
  readonly signal: AbortSignal;
}

/**
 * The result of one attempt. `gone`: 410, the receiver wants nothing more. `stopped`: the signal
 * ended it.
 */
export interface Attempt {
  readonly outcome: 'delivered' | 'gone' | 'stopped' | DeliveryFailure;
  readonly status: number | null;
  readonly retryAfterMs?: number;
}

class NoAnswerInTimeError extends Error {
  override readonly name = 'NoAnswerInTimeError';
}

/**
 * Sends a delivery once. It follows no redirect, and connects to no refused address, whatever a
 * name resolves to.
 */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #lookup: LookupFunction;
  readonly #agent: Agent;
  readonly #secureAgent: SecureAgent;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#lookup = guardedLookup(options.isRefused, options.lookup);
    const pool = { keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS };
    this.#agent = new Agent(pool);
    this.#secureAgent = new SecureAgent(pool);
  }

  /**
   * Never rejects. An answer counts from its headers on; the body is read to keep the connection.
   */
  async send(delivery: OutgoingDelivery): Promise<Attempt> {
    const url = new URL(delivery.url);
    // A literal address is never looked up.
    if (leadsToRefused(url, this.#options.isRefused)) return failed('addressRefused');
    for (;;) {
      const attempt = await this.#sendOnce(url, delivery);
      if (attempt) return attempt;
    }
  }

  /** Aborts requests in progress. */
  close(): void {
    this.#agent.destroy();
    this.#secureAgent.destroy();
  }

  /**
   * Resolves with undefined if a kept connection was already closed, which says nothing about the
   * receiver.
   */
  #sendOnce(url: URL, delivery: OutgoingDelivery): Promise<Attempt | undefined> {
    return new Promise((resolve) => {
      const request = this.#request(url, delivery);
      let timer: NodeJS.Timeout | undefined;
      // The connection is established now; until here the request may have waited for one of the
      // pool.
      request.once('socket', () => {
        const expire = () => request.destroy(new NoAnswerInTimeError('no answer in time'));
        timer = setTimeout(expire, this.#options.timeoutMs);
      });
      request.once('response', (response) => {
        discard(response);
        resolve(this.#attemptOf(response));
      });
      request.on('error', (cause) => {
        if (delivery.signal.aborted) resolve(failed('stopped'));
        else resolve(wasStale(request, cause) ? undefined : failureOf(cause));
      });
      request.once('close', () => {
        clearTimeout(timer);
        // The request ended without an answer; an earlier outcome takes precedence.
        resolve(failed('unreachable'));
      });
      request.end(delivery.body);
    });
  }

  #request(url: URL, { headers, body, signal }: OutgoingDelivery): ClientRequest {
    const options = {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        'User-Agent': 'Hush',
        ...headers,
      },
      lookup: this.#lookup,
      signal,
    };
    if (url.protocol === 'https:') {
      return requestHttps(url, { ...options, agent: this.#secureAgent });
    }
    return requestHttp(url, { ...options, agent: this.#agent });
  }

  #attemptOf({ statusCode = 0, headers }: IncomingMessage): Attempt {
    if (statusCode >= 200 && statusCode < 300) return { outcome: 'delivered', status: statusCode };
    if (statusCode === 410) return { outcome: 'gone', status: statusCode };
    const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.now());
    return {
      outcome: 'rejected',
      status: statusCode,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}

/** Reads a short answer to its end, so that its connection can be reused, but no long one. */
function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', () => {});
  response.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > MAX_RESPONSE_BYTES) response.destroy();
  });
}

function wasStale(request: ClientRequest, cause: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
}

function failureOf(cause: Error): Attempt {
  if (cause instanceof AddressRefusedError) return failed('addressRefused');
  return failed(cause instanceof NoAnswerInTimeError ? 'timeout' : 'unreachable');
}

function failed(outcome: Attempt['outcome']): Attempt {
  return { outcome, status: null };
}
