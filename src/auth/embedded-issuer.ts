import type { JWTVerifyGetKey } from 'jose';
import { addressKey } from '../domain/common/networks.ts';
import { type Client, consoleClientId, type User } from '../domain/model/account.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';
import type {
  SignIn,
  SignInRequest,
  TokenAnswer,
  TokenIssuer,
  TokenRequest,
} from '../domain/ports/authenticator.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { grants, refusals } from './oauth.ts';
import { type Bearer, OwnTokens, type SignedIn } from './own-tokens.ts';
import { type Hasher, HashingBusyError } from './password-hash.ts';
import { ProvenSecrets } from './proven-secrets.ts';
import {
  type Guessing,
  type GuessKey,
  type SignInLimitSettings,
  SignInLimits,
} from './sign-in-limits.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';
import { type Form, formOf, MAX_FIELD_BYTES } from './token-form.ts';

export interface EmbeddedIssuerOptions extends SignInLimitSettings {
  readonly keys: SigningKeys;
  readonly people: AccountStore;
  /** Hasher for users of authenticated clients: nobody else makes them wait. */
  readonly hasher: Hasher;
  /** Hasher for all others. */
  readonly strangersHasher: Hasher;
  readonly clock: Clock;
  readonly tokenLifetimeMs: number;
  /** The URL at which clients reach Hush: `http://127.0.0.1:8080`. */
  url(): string;
  /** Called before the token is returned. */
  onSignIn(signIn: SignIn): Promise<void>;
  onGuessing(guessing: Guessing): void;
}

type Attempt = Pick<SignIn, 'who' | 'client' | 'address'>;

/** Verified if the name is unknown, so that the answer takes as long. */
const nobodysPassword = `scrypt$32768$8$3$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const nobodysSecret = `sha256$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const consoleClient = { id: consoleClientId, generation: 0 } as const;

/** A token endpoint for installations without an issuer; it answers as Keycloak does. */
export class EmbeddedIssuer implements TokenIssuer {
  readonly #options: EmbeddedIssuerOptions;
  readonly #limits: SignInLimits;
  readonly #tokens: OwnTokens;
  readonly #proven = new ProvenSecrets();

  constructor(options: EmbeddedIssuerOptions) {
    this.#options = options;
    const { keys, clock, tokenLifetimeMs } = options;
    this.#limits = new SignInLimits(options, clock, (guessing) => options.onGuessing(guessing));
    this.#tokens = new OwnTokens({ keys, clock, tokenLifetimeMs, issuer: () => this.issuer });
  }

  get tenantId(): string {
    return this.#options.keys.tenantId;
  }

  get issuer(): string {
    return `${this.#options.url()}/auth/realms/${this.tenantId}`;
  }

  /** Finds the keys that verify our own tokens. */
  get findKey(): JWTVerifyGetKey {
    return this.#tokens.findKey;
  }

  jwks(): Promise<{ readonly keys: readonly object[] }> {
    return this.#tokens.jwks();
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

  /** Answers a token request. An authenticated client is never delayed by guesses of others. */
  async token({ form: given, address }: TokenRequest): Promise<TokenAnswer> {
    const form = given && formOf(given);
    if (!form) return this.malformed(address);
    if (!grants.includes(form.grant_type)) {
      await this.malformed(address);
      return { status: 400, body: refusals.unsupportedGrant };
    }
    const attempt = { who: form.username.toLowerCase(), client: form.client_id, address };
    const client = await this.#provenClient(form).catch(unlessBusy);
    if (client === 'busy') return this.#tooMany(attempt, 1);
    if (!client) return this.#refuseClient(attempt);
    const keys = [{ of: 'user', key: keyOf('client', client.id, attempt.who) }] as const;
    return this.#attempt(attempt, keys, async () => {
      return { client, user: await this.#provenUser(form, this.#options.hasher) };
    });
  }

  /** Records a request that cannot be read; its row names nobody. */
  async malformed(address: string): Promise<TokenAnswer> {
    const nobody = { who: 'unknown', client: null, address };
    await this.#options.onSignIn({ ...nobody, outcome: 'denied', reason: 'malformed' });
    return { status: 400, body: refusals.incomplete };
  }

  async signIn({ address, isRenewable, ...form }: SignInRequest): Promise<TokenAnswer> {
    const { username, password } = form;
    if ([username, password].some((text) => Buffer.byteLength(text) > MAX_FIELD_BYTES)) {
      return this.malformed(address);
    }
    const attempt = { who: username.toLowerCase(), client: consoleClient.id, address };
    const key = addressKey(address);
    const keys = [
      { of: 'user', key: keyOf('address', key, attempt.who) },
      { of: 'address', key },
    ] as const;
    let signedIn: User | undefined;
    const answer = await this.#attempt(attempt, keys, async () => {
      signedIn = await this.#provenUser(form, this.#options.strangersHasher);
      return { client: consoleClient, user: signedIn };
    });
    if (answer.status !== 200 || !signedIn || !isRenewable) return answer;
    const renewalToken = await this.#tokens.renewal(signedIn);
    return { ...answer, body: { ...answer.body, renewal_token: renewalToken } };
  }

  async renew(token: string): Promise<TokenAnswer | undefined> {
    return this.#renewed(await this.#tokens.signedIn(token, 'access'));
  }

  async renewByRenewalToken(token: string): Promise<TokenAnswer | undefined> {
    return this.#renewed(await this.#tokens.signedIn(token, 'renewal'));
  }

  /** Renews a token; a user who was since removed, reset or given another role signs in again. */
  async #renewed(signedIn: SignedIn | undefined): Promise<TokenAnswer | undefined> {
    const user = signedIn && (await this.#options.people.user(signedIn.name));
    if (!user || user.generation !== signedIn.generation) return undefined;
    const token = await this.#tokens.access({ client: consoleClient, user }, signedIn.signedInAt);
    return { status: 200, body: this.#body(token) };
  }

  /**
   * Returns the client whose secret is right: its 256 random bits are cheap to verify, and
   * unguessable.
   */
  async #provenClient(form: Form): Promise<Client | undefined> {
    const { people, strangersHasher } = this.#options;
    const client = await people.client(form.client_id);
    const { client_secret: secret } = form;
    if (client && this.#proven.has(client, secret)) return client;
    const isClient = await strangersHasher.verify(secret, client?.secretHash ?? nobodysSecret);
    if (!client || !isClient) return undefined;
    this.#proven.add(client, secret);
    return client;
  }

  async #provenUser(
    { username, password }: Pick<Form, 'username' | 'password'>,
    hasher: Hasher,
  ): Promise<User | undefined> {
    const user = await this.#options.people.user(username);
    const isUser = await hasher.verify(password, user?.passwordHash ?? nobodysPassword);
    return isUser ? user : undefined;
  }

  /** Tells a client that keeps guessing to wait, but verifies the secret all the same. */
  async #refuseClient(attempt: Attempt & { readonly client: string }): Promise<TokenAnswer> {
    const { address, client } = attempt;
    const key = addressKey(address);
    const keys: GuessKey[] = [
      { of: 'client', key: keyOf('address', key, client) },
      { of: 'address', key },
    ];
    const seconds = this.#limits.failed(keys, address);
    if (seconds > 0) return this.#tooMany(attempt, seconds);
    await this.#options.onSignIn({ ...attempt, outcome: 'denied', reason: 'client' });
    return { status: 401, body: refusals.wrongClient };
  }

  async #attempt(
    attempt: Attempt,
    keys: readonly GuessKey[],
    verify: () => Promise<Pick<Bearer, 'client'> & { readonly user: User | undefined }>,
  ): Promise<TokenAnswer> {
    const retryAfterSeconds = await this.#limits.begin(keys);
    if (retryAfterSeconds > 0) return this.#tooMany(attempt, retryAfterSeconds);
    let hasFailed = false;
    try {
      const { client, user } = await verify();
      hasFailed = !user;
      if (user) return await this.#answer(attempt, { client, user });
      await this.#options.onSignIn({ ...attempt, outcome: 'denied', reason: 'user' });
      return { status: 401, body: refusals.wrongUser };
    } catch (cause) {
      if (cause instanceof HashingBusyError) return this.#tooMany(attempt, 1);
      throw cause;
    } finally {
      this.#limits.end(keys, attempt.address, hasFailed);
    }
  }

  async #answer(attempt: Attempt, bearer: Bearer): Promise<TokenAnswer> {
    const token = await this.#tokens.access(bearer);
    await this.#options.onSignIn({ ...attempt, outcome: 'ok', reason: null });
    return { status: 200, body: this.#body(token) };
  }

  #body(token: string): TokenAnswer['body'] {
    const expiresIn = this.#options.tokenLifetimeMs / 1000;
    const answer = { access_token: token, expires_in: expiresIn, refresh_expires_in: 0 };
    const rest = { token_type: 'Bearer', 'not-before-policy': 0, scope: 'profile email' };
    return { ...answer, ...rest };
  }

  async #tooMany(attempt: Attempt, retryAfterSeconds: number): Promise<TokenAnswer> {
    await this.#options.onSignIn({ ...attempt, outcome: 'denied', reason: 'rate' });
    return { status: 429, retryAfterSeconds, body: refusals.tooMany };
  }
}

/** Joins the parts without a separator that a name could hold. */
function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

/** A client whose secret an older release hashed is slow to verify. */
function unlessBusy(cause: unknown): 'busy' {
  if (cause instanceof HashingBusyError) return 'busy';
  throw cause;
}
