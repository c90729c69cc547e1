import { randomUUID } from 'node:crypto';
import {
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import type {
  SignIn,
  SignInRequest,
  TokenAnswer,
  TokenIssuer,
  TokenRequest,
} from '../domain/authentication.ts';
import { addressKey } from '../domain/networks.ts';
import { type Client, consoleClientId, type PeopleStore, type User } from '../domain/people.ts';
import type { Clock } from '../domain/ports.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { fields, grants, refusals } from './oauth.ts';
import { type Hasher, HashingBusyError } from './password-hash.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

export interface EmbeddedIssuerOptions {
  readonly keys: SigningKeys;
  readonly people: PeopleStore;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly tokenLifetimeMs: number;
  readonly maxFailuresPerUser: number;
  readonly maxFailuresPerClient: number;
  readonly maxFailuresPerAddress: number;
  readonly failureWindowMs: number;
  /** `http://127.0.0.1:8080`, as clients reach Hush. */
  url(): string;
  /** The token is answered once it is done. */
  onSignIn(signIn: SignIn): Promise<void>;
}

export const rolePrefix = 'hush-';
type Form = Readonly<Record<(typeof fields)[number], string>>;

/** Nobody's name or password is longer; hashing a long one costs. */
const MAX_FIELD_BYTES = 256;
const MAX_LIMITED_KEYS = 10_000;
/** Verified in the place of what is not there: no answer comes sooner for an unknown name. */
const nobodysPassword = `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const nobodysSecret = `scrypt$16384$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const consoleClient = { id: consoleClientId } as const;

/** A working day: who goes on after it signs in again, however often the token was renewed. */
const MAX_SESSION_MS = 12 * 3_600_000;

/** A token endpoint for installations without an issuer, answering as Keycloak does. */
export class EmbeddedIssuer implements TokenIssuer {
  readonly #options: EmbeddedIssuerOptions;
  readonly #limits: Readonly<Record<'user' | 'client' | 'address', FailedAttempts>>;

  constructor(options: EmbeddedIssuerOptions) {
    this.#options = options;
    const { failureWindowMs: windowMs, clock } = options;
    const limit = (most: number): FailedAttempts =>
      new FailedAttempts({ most, windowMs, maxKeys: MAX_LIMITED_KEYS, now: () => clock.now() });
    this.#limits = {
      user: limit(options.maxFailuresPerUser),
      client: limit(options.maxFailuresPerClient),
      address: limit(options.maxFailuresPerAddress),
    };
  }

  get tenantId(): string {
    return this.#options.keys.tenantId;
  }

  get issuer(): string {
    return `${this.#options.url()}/auth/realms/${this.tenantId}`;
  }

  /** For verifying one's own tokens. */
  readonly findKey: JWTVerifyGetKey = async (header, token) =>
    createLocalJWKSet((await this.jwks()) as JSONWebKeySet)(header, token);

  jwks(): Promise<{ readonly keys: readonly object[] }> {
    return this.#options.keys.published();
  }

  discovery(): Record<string, unknown> {
    const { issuer } = this;
    const endpoints = `${issuer}/protocol/openid-connect`;
    return {
      issuer,
      token_endpoint: `${endpoints}/token`,
      jwks_uri: `${endpoints}/certs`,
      grant_types_supported: grants,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      id_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
      response_types_supported: ['token'],
      subject_types_supported: ['public'],
    };
  }

  async token({ form: given, address }: TokenRequest): Promise<TokenAnswer> {
    const form = formOf(given);
    if (!form) return { status: 400, body: refusals.incomplete };
    if (!grants.includes(form.grant_type)) return { status: 400, body: refusals.unsupportedGrant };
    const attempt = { who: form.username.toLowerCase(), client: form.client_id, address };
    return this.#attempt(attempt, () => this.#signIn(form));
  }

  async signIn({ username, password, address }: SignInRequest): Promise<TokenAnswer> {
    if ([username, password].some((text) => Buffer.byteLength(text) > MAX_FIELD_BYTES)) {
      return { status: 400, body: refusals.incomplete };
    }
    const { people, hasher } = this.#options;
    const attempt = { who: username.toLowerCase(), client: consoleClient.id, address };
    return this.#attempt(attempt, async () => {
      const user = await people.user(username);
      const isUser = await hasher.verify(password, user?.passwordHash ?? nobodysPassword);
      return { client: consoleClient, user: isUser ? user : undefined };
    });
  }

  async renew(token: string): Promise<TokenAnswer | undefined> {
    const { clock, people } = this.#options;
    const now = clock.now();
    const verified = await jwtVerify(token, this.findKey, {
      ...{ issuer: this.issuer, algorithms: [SIGNING_ALGORITHM], currentDate: new Date(now) },
      requiredClaims: ['sub', 'exp', 'auth_time'],
    }).catch(() => undefined);
    const { azp, sub = '', auth_time: signedInAt } = verified?.payload ?? {};
    if (azp !== consoleClient.id || typeof signedInAt !== 'number') return undefined;
    if (now >= signedInAt * 1000 + MAX_SESSION_MS) return undefined;
    const user = await people.user(sub);
    if (!user) return undefined;
    return { status: 200, body: this.#body(await this.#sign(consoleClient, user, signedInAt)) };
  }

  /** Counted before it is known what comes of it, so that many at once are no way around. */
  async #attempt(
    attempt: Pick<SignIn, 'who' | 'client' | 'address'>,
    verify: () => Promise<{ client: Pick<Client, 'id'> | undefined; user: User | undefined }>,
  ): Promise<TokenAnswer> {
    const address = addressKey(attempt.address);
    const keys = { user: attempt.who, client: attempt.client, address };
    const retryAfterSeconds = this.#begin(keys);
    if (retryAfterSeconds > 0) return this.#tooMany(attempt, retryAfterSeconds);
    let hasFailed = false;
    try {
      const { client, user } = await verify();
      hasFailed = !client || !user;
      return await this.#answer(attempt, client, user);
    } catch (cause) {
      if (cause instanceof HashingBusyError) return this.#tooMany(attempt, 1);
      throw cause;
    } finally {
      for (const of of limited) this.#limits[of].end(keys[of], hasFailed);
    }
  }

  /** Both are always verified, so that all refusals take the same work. */
  async #signIn(form: Form): Promise<{ client: Client | undefined; user: User | undefined }> {
    const { people, hasher } = this.#options;
    const [client, user] = [await people.client(form.client_id), await people.user(form.username)];
    const isClient = await hasher.verify(form.client_secret, client?.secretHash ?? nobodysSecret);
    const isUser = await hasher.verify(form.password, user?.passwordHash ?? nobodysPassword);
    return { client: isClient ? client : undefined, user: isUser ? user : undefined };
  }

  async #answer(
    attempt: Pick<SignIn, 'who' | 'client' | 'address'>,
    ...[client, user]: [Pick<Client, 'id'> | undefined, User | undefined]
  ): Promise<TokenAnswer> {
    if (!client || !user) {
      const reason = client ? 'user' : 'client';
      await this.#options.onSignIn({ ...attempt, outcome: 'denied', reason });
      return { status: 401, body: client ? refusals.wrongUser : refusals.wrongClient };
    }
    const token = await this.#sign(client, user);
    await this.#options.onSignIn({ ...attempt, outcome: 'ok', reason: null });
    return { status: 200, body: this.#body(token) };
  }

  #body(token: string): TokenAnswer['body'] {
    const expiresIn = this.#options.tokenLifetimeMs / 1000;
    const answer = { access_token: token, expires_in: expiresIn, refresh_expires_in: 0 };
    const rest = { token_type: 'Bearer', 'not-before-policy': 0, scope: 'profile email' };
    return { ...answer, ...rest };
  }

  /** @param signedInAt seconds; of a token that is renewed (OpenID Connect Core 1.0 section 2) */
  async #sign(client: Pick<Client, 'id'>, user: User, signedInAt?: number): Promise<string> {
    const { keys, clock, tokenLifetimeMs } = this.#options;
    const { kid, key } = await keys.current();
    const now = Math.floor(clock.now() / 1000);
    return new SignJWT({
      azp: client.id,
      auth_time: signedInAt ?? now,
      typ: 'Bearer',
      preferred_username: user.name,
      roles: user.roles.map((role) => rolePrefix + role),
      hush_uccs: [...user.uccs],
      ...(user.sipUri === null ? {} : { sip_uri: user.sipUri }),
    })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid })
      .setIssuer(this.issuer)
      .setAudience('account')
      .setSubject(user.name)
      .setIssuedAt(now)
      .setExpirationTime(now + Math.floor(tokenLifetimeMs / 1000))
      .setJti(randomUUID())
      .sign(key);
  }

  async #tooMany(
    attempt: Pick<SignIn, 'who' | 'client' | 'address'>,
    retryAfterSeconds: number,
  ): Promise<TokenAnswer> {
    await this.#options.onSignIn({ ...attempt, outcome: 'denied', reason: 'rate' });
    return { status: 429, retryAfterSeconds, body: refusals.tooMany };
  }

  /** Counts the attempt until it is known; 0, or the seconds to wait. */
  #begin(keys: Record<'user' | 'client' | 'address', string>): number {
    const waits = limited.map((of) => this.#limits[of].retryAfterSeconds(keys[of]));
    const longest = Math.max(...waits);
    if (longest === 0) for (const of of limited) this.#limits[of].begin(keys[of]);
    return longest;
  }
}

const limited = ['user', 'client', 'address'] as const;

function formOf(given: ReadonlyMap<string, string>): Form | undefined {
  const values = fields.map((name) => [name, given.get(name) ?? ''] as const);
  const isGood = ([, value]: readonly [string, string]) =>
    value !== '' && Buffer.byteLength(value) <= MAX_FIELD_BYTES;
  return values.every(isGood) ? (Object.fromEntries(values) as Form) : undefined;
}
