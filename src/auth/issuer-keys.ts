import {
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose';
import { IssuerUnavailableError, TokenRefusedError } from '../domain/ports/authenticator.ts';
import type { Clock } from '../domain/ports/clock.ts';

export interface IssuerKeysOptions {
  readonly issuer: string;
  readonly jwksUri?: string;
  readonly keysFetchTimeoutMs: number;
  readonly keysRefreshMs: number;
  readonly keysMaxAgeMs: number;
  readonly keysCooldownMs: number;
  readonly clock: Clock;
  onError(cause: unknown): void;
}

/** More than any issuer needs; a longer body is cut off. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Interval of retries while an issuer is down. */
const MAX_RETRY_MS = 5_000;
/** Least interval of requests for unknown keys, whatever names strangers give to keys. */
const MIN_ASK_MS = 1_000;
/** Beyond this many names, the oldest is forgotten and may be asked for again. */
const MAX_UNKNOWN_KIDS = 1_000;
const MAX_KID_LENGTH = 512;

interface Keys {
  readonly find: JWTVerifyGetKey;
  readonly kids: ReadonlySet<string | undefined>;
  readonly fetchedAt: number;
}

/** The keys of one external issuer, fetched when needed and kept while it is down. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #keys: Keys | undefined;
  #fetching: Promise<void> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Time of the last request for an unknown key. */
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Keys that the issuer did not have, with the time. */
  readonly #unknown = new Map<string, number>();
  #hasFailed = false;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /**
   * Returns the key that the token names, as `jose` asks for it.
   * @throws IssuerUnavailableError if it cannot be known; TokenRefusedError for an unknown key
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#usable();
    if (keys.kids.has(header?.kid) || header?.kid === undefined) return keys.find(header, token);
    return (await this.#withUnknown(header)).find(header, token);
  };

  /** Returns keys younger than `keysMaxAgeMs`; a refresh of those runs in the background. */
  async #usable(): Promise<Keys> {
    const { keysRefreshMs, keysMaxAgeMs } = this.#options;
    const ageMs = this.#keys ? this.#now() - this.#keys.fetchedAt : Number.POSITIVE_INFINITY;
    if (this.#keys && ageMs < keysMaxAgeMs) {
      if (ageMs >= keysRefreshMs && this.#mayTry(MAX_RETRY_MS)) void this.#fetch();
      return this.#keys;
    }
    if (this.#fetching || this.#mayTry(MAX_RETRY_MS)) await this.#fetch();
    const keys: Keys | undefined = this.#keys;
    if (keys && this.#now() - keys.fetchedAt < keysMaxAgeMs) return keys;
    throw new IssuerUnavailableError('keys');
  }

  /**
   * Asks the issuer for a key that may be new, once per key and cooldown. Until the answer, its
   * existence is unknown.
   */
  async #withUnknown({ kid = '' }: JWTHeaderParameters): Promise<Keys> {
    if (kid.length > MAX_KID_LENGTH) throw new TokenRefusedError('key');
    const { keysCooldownMs } = this.#options;
    const foundAt = this.#unknown.get(kid) ?? Number.NEGATIVE_INFINITY;
    if (this.#now() - foundAt < keysCooldownMs) throw new TokenRefusedError('key');
    // An earlier fetch may return the keys of before.
    if (this.#fetching) await this.#fetching;
    if (this.#keys?.kids.has(kid)) return this.#keys;
    const pauseMs = Math.min(keysCooldownMs, this.#hasFailed ? MAX_RETRY_MS : MIN_ASK_MS);
    if (this.#fetching) await this.#fetching;
    else if (this.#now() - this.#askedAt < pauseMs) throw new IssuerUnavailableError('keys');
    else {
      this.#askedAt = this.#now();
      await this.#fetch();
    }
    if (this.#keys?.kids.has(kid)) return this.#keys;
    if (this.#hasFailed) throw new IssuerUnavailableError('keys');
    this.#remember(kid);
    throw new TokenRefusedError('key');
  }

  #remember(kid: string): void {
    this.#unknown.delete(kid);
    if (this.#unknown.size >= MAX_UNKNOWN_KIDS) {
      for (const oldest of this.#unknown.keys()) {
        this.#unknown.delete(oldest);
        break;
      }
    }
    this.#unknown.set(kid, this.#now());
  }

  #mayTry(pauseMs: number): boolean {
    return this.#now() - this.#triedAt >= pauseMs;
  }

  /** Fetches once at a time; a failure leaves the old keys. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#load()
      .then(
        (keys) => {
          this.#keys = keys;
          this.#hasFailed = false;
        },
        (cause: unknown) => {
          this.#hasFailed = true;
          this.#options.onError(cause);
        },
      )
      .finally(() => {
        this.#triedAt = this.#now();
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  async #load(): Promise<Keys> {
    const signal = AbortSignal.timeout(this.#options.keysFetchTimeoutMs);
    const uri = this.#options.jwksUri ?? (await this.#discover(signal));
    const jwks = (await fetchJson(uri, signal)) as unknown as JSONWebKeySet;
    if (!Array.isArray(jwks.keys) || jwks.keys.length === 0) throw new Error(`${uri}: no keys`);
    const kids = new Set(jwks.keys.map(({ kid }) => kid));
    return { find: createLocalJWKSet(jwks), kids, fetchedAt: this.#now() };
  }

  /** Finds the key set by OpenID Connect Discovery 1.0 section 4. */
  async #discover(signal: AbortSignal): Promise<string> {
    const { issuer } = this.#options;
    const uri = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = await fetchJson(uri, signal);
    if (found.issuer !== issuer) throw new Error(`${uri} is the discovery of another issuer`);
    const jwksUri = String(found.jwks_uri);
    // Keys sent without TLS could be changed on the way.
    const isSafe = jwksUri.startsWith('https://') || issuer.startsWith('http://');
    if (!isSafe || !URL.canParse(jwksUri)) throw new Error(`${uri} names no usable jwks_uri`);
    return jwksUri;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

async function fetchJson(uri: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const headers = { Accept: 'application/json' };
  const response = await fetch(uri, { signal, redirect: 'error', headers });
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`${uri} sends more than ${MAX_BODY_BYTES} bytes`);
    parts.push(part);
  }
  if (response.status !== 200) throw new Error(`${uri} answers ${response.status}`);
  const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new Error(`${uri} sends no object`);
  return value as Record<string, unknown>;
}
