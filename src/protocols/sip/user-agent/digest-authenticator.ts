import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type {
  DigestAlgorithm,
  DigestGuard,
  DigestRules,
  SipHeader,
  SipRequest,
} from '../message/types.ts';

/** Long enough for a controller that reuses a challenge, short enough to bound memory. */
const NONCE_LIFETIME_MS = 300_000;
const MAX_REMEMBERED_NONCES = 10_000;
const STAMP_BYTES = 16;
const MAC_BYTES = 16;
const MAX_HEADER_CHARACTERS = 4_096;

const hashNames: Readonly<Record<DigestAlgorithm, string>> = {
  MD5: 'md5',
  'SHA-256': 'sha256',
  'SHA-512-256': 'sha512-256',
};

const strongestFirst: readonly DigestAlgorithm[] = ['SHA-512-256', 'SHA-256', 'MD5'];

export type DigestVerdict =
  | { readonly ok: true }
  /** Too many were wrong: this one was not checked. */
  | { readonly ok: false; readonly blocked: true }
  /** `wrong`: an attempt failed; otherwise no credentials were sent yet. */
  | {
      readonly ok: false;
      readonly blocked?: false;
      readonly wrong: boolean;
      readonly challenges: readonly SipHeader[];
    };

interface Nonce {
  readonly issuedMs: number;
  readonly expired: boolean;
}

/**
 * The server's side of digest authentication (RFC 3261 section 22, RFC 8760, RFC 7616). Challenges
 * are not stored: they carry their age and their address. The counts of used ones are, so that no
 * answer serves twice.
 */
export class DigestAuthenticator {
  readonly #rules: DigestRules;
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #guard: DigestGuard | undefined;
  readonly #secret = randomBytes(32);
  readonly #now: () => number;
  /** The highest count so far of each nonce in use, oldest first. */
  readonly #counts = new Map<string, { count: number; issuedMs: number }>();
  /** A nonce issued earlier that is not stored may have been used. */
  #forgottenUpToMs = 0;

  constructor(rules: DigestRules, now: () => number = () => Date.now(), guard?: DigestGuard) {
    this.#rules = rules;
    this.#guard = guard;
    this.#passwords = new Map(rules.users.map(({ name, password }) => [name, password]));
    this.#now = now;
  }

  authenticate(request: SipRequest, address: string): DigestVerdict {
    const fields = this.#credentialsOf(request);
    if (!fields) return this.#challenge(address, { wrong: false, stale: false });
    const nonce = this.#readNonce(fields.get('nonce') ?? '', address);
    // An earlier process's nonce, another address's, or an old one: it is challenged again, and not
    // told whether the password was right. So no forged address guesses passwords.
    if (!nonce || nonce.expired) return this.#challenge(address, { wrong: false, stale: true });
    const user = fields.get('username') ?? '';
    const known = this.#passwords.has(user) ? user : '';
    if (this.#guard?.mayTry(address, known) === false) return { ok: false, blocked: true };
    // Equal work, whether or not the user exists.
    if (!this.#isRight(fields, request)) {
      this.#guard?.failed(address, known);
      return this.#challenge(address, { wrong: true, stale: false });
    }
    this.#guard?.proved(address, known);
    // The nonce is used: a client that knows the password is challenged again.
    if (!this.#count(fields, nonce)) return this.#challenge(address, { wrong: false, stale: true });
    return { ok: true };
  }

  #credentialsOf({ headers }: SipRequest): ReadonlyMap<string, string> | undefined {
    return headers
      .filter(({ name }) => name.toLowerCase() === 'authorization')
      .map(({ value }) => parseDigest(value))
      .find((fields) => fields?.get('realm') === this.#rules.realm);
  }

  #isRight(fields: ReadonlyMap<string, string>, request: SipRequest): boolean {
    const field = (name: string): string => fields.get(name) ?? '';
    const algorithm = (fields.get('algorithm') ?? 'MD5').toUpperCase();
    if (!this.#isOffered(algorithm)) return false;
    const [qop, uri, user] = [field('qop'), field('uri'), field('username')];
    if (qop !== 'auth' && qop !== 'auth-int') return false;
    const password = this.#passwords.get(user);
    const hash = (text: string | Buffer) =>
      createHash(hashNames[algorithm]).update(text).digest('hex');
    const body = qop === 'auth-int' ? `:${hash(request.body)}` : '';
    const whose = hash(`${user}:${this.#rules.realm}:${password ?? ''}`);
    const what = hash(`${request.method}:${uri}${body}`);
    const expected = hash(
      `${whose}:${field('nonce')}:${field('nc')}:${field('cnonce')}:${qop}:${what}`,
    );
    const isEqual = equal(expected, field('response').toLowerCase());
    return isEqual && password !== undefined && uri === request.requestUri;
  }

  #isOffered(algorithm: string): algorithm is DigestAlgorithm {
    return (this.#rules.algorithms as readonly string[]).includes(algorithm);
  }

  /** Notes the nonce's count; returns false if that count, or a higher one, was there before. */
  #count(fields: ReadonlyMap<string, string>, { issuedMs }: Nonce): boolean {
    const text = fields.get('nc') ?? '';
    if (!/^[0-9a-f]{8}$/i.test(text)) return false;
    const [nonce, count] = [fields.get('nonce') ?? '', Number.parseInt(text, 16)];
    const known = this.#counts.get(nonce);
    if (known ? count <= known.count : issuedMs <= this.#forgottenUpToMs) return false;
    this.#counts.set(nonce, { count, issuedMs });
    if (this.#counts.size > MAX_REMEMBERED_NONCES) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const [nonce, { issuedMs }] of this.#counts) {
      this.#counts.delete(nonce);
      this.#forgottenUpToMs = Math.max(this.#forgottenUpToMs, issuedMs);
      return;
    }
  }

  #readNonce(text: string, address: string): Nonce | undefined {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== STAMP_BYTES + MAC_BYTES) return undefined;
    const stamp = bytes.subarray(0, STAMP_BYTES);
    if (!timingSafeEqual(bytes.subarray(STAMP_BYTES), this.#mac(stamp, address))) return undefined;
    const issuedMs = stamp.readDoubleBE(0);
    return { issuedMs, expired: this.#now() - issuedMs > NONCE_LIFETIME_MS };
  }

  #newNonce(address: string): string {
    const stamp = randomBytes(STAMP_BYTES);
    stamp.writeDoubleBE(this.#now(), 0);
    return Buffer.concat([stamp, this.#mac(stamp, address)]).toString('base64url');
  }

  #mac(stamp: Buffer, address: string): Buffer {
    const mac = createHmac('sha256', this.#secret).update(stamp).update(address).digest();
    return mac.subarray(0, MAC_BYTES);
  }

  /** Lists the strongest first, each in a header of its own (RFC 8760 section 2.4). */
  #challenge(address: string, how: { wrong: boolean; stale: boolean }): DigestVerdict {
    const nonce = this.#newNonce(address);
    const offered = strongestFirst.filter((algorithm) => this.#isOffered(algorithm));
    const challenges = offered.map((algorithm) => ({
      name: 'WWW-Authenticate',
      value:
        `Digest realm="${this.#rules.realm}", nonce="${nonce}", qop="auth,auth-int", ` +
        `algorithm=${algorithm}${how.stale ? ', stale=true' : ''}`,
    }));
    return { ok: false, wrong: how.wrong, challenges };
  }
}

/** `, name="value"` or `, name=value`, from the end of the previous one: no text is read twice. */
const digestField = /[\s,]*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/y;

/** Returns the fields of `Digest a=b, c="d"`; undefined for another scheme. */
function parseDigest(value: string): ReadonlyMap<string, string> | undefined {
  if (value.length > MAX_HEADER_CHARACTERS || !/^digest\s/i.test(value)) return undefined;
  const fields = new Map<string, string>();
  digestField.lastIndex = 'digest'.length;
  for (let match = digestField.exec(value); match; match = digestField.exec(value)) {
    const [, name = '', quoted, token] = match;
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), quoted ?? token ?? '');
  }
  return fields;
}

function equal(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
