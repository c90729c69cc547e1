import { randomUUID } from 'node:crypto';
import {
  createLocalJWKSet,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import { type Client, consoleClientId, type User } from '../domain/model/account.ts';
import type { Standing } from '../domain/model/principal.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.ts';

export interface OwnTokensOptions {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly tokenLifetimeMs: number;
  issuer(): string;
}

export const rolePrefix = 'hush-';
/** A working day, after which a user signs in again, however often the token was renewed. */
export const MAX_SESSION_MS = 12 * 3_600_000;
/** Stands in the header and in `typ`: no API accepts a renewal token as an access token. */
const renewalType = { header: 'hush-renewal+jwt', claim: 'Renewal' } as const;

/** The user a token was given to, and the client that requested it. */
export interface Bearer {
  readonly client: Pick<Client, 'id' | 'generation'>;
  readonly user: User;
}

/** The user who signed in, and when, according to a valid token. */
export interface SignedIn {
  readonly name: string;
  readonly generation: number;
  /** Unix seconds */
  readonly signedInAt: number;
}

/** Signs and reads the tokens of the embedded issuer. */
export class OwnTokens {
  readonly #options: OwnTokensOptions;

  constructor(options: OwnTokensOptions) {
    this.#options = options;
  }

  readonly findKey: JWTVerifyGetKey = async (header, token) =>
    createLocalJWKSet((await this.jwks()) as JSONWebKeySet)(header, token);

  jwks(): Promise<{ readonly keys: readonly object[] }> {
    return this.#options.keys.published();
  }

  /** @param signedInAt seconds, for a renewed token (OpenID Connect Core 1.0 section 2) */
  async access({ client, user }: Bearer, signedInAt?: number): Promise<string> {
    const { keys, tokenLifetimeMs } = this.#options;
    const { kid, key } = await keys.current();
    const now = this.#now();
    return new SignJWT({
      azp: client.id,
      auth_time: signedInAt ?? now,
      typ: 'Bearer',
      preferred_username: user.name,
      roles: user.roles.map((role) => rolePrefix + role),
      hush_uccs: [...user.uccs],
      hush_generations: [user.generation, client.generation],
      hush_user_since: user.createdAt,
      ...(user.sipUri === null ? {} : { sip_uri: user.sipUri }),
    })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: 'JWT', kid })
      .setIssuer(this.#options.issuer())
      .setAudience('account')
      .setSubject(user.name)
      .setIssuedAt(now)
      .setExpirationTime(now + Math.floor(tokenLifetimeMs / 1000))
      .setJti(randomUUID())
      .sign(key);
  }

  /** Returns a token for the command line to keep: it only gets access tokens of that session. */
  async renewal(user: User): Promise<string> {
    const { kid, key } = await this.#options.keys.current();
    const now = this.#now();
    return new SignJWT({
      azp: consoleClientId,
      typ: renewalType.claim,
      auth_time: now,
      hush_generations: [user.generation, 0],
    })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: renewalType.header, kid })
      .setIssuer(this.#options.issuer())
      .setSubject(user.name)
      .setIssuedAt(now)
      .setExpirationTime(now + MAX_SESSION_MS / 1000)
      .setJti(randomUUID())
      .sign(key);
  }

  /** Reads the console's access token, or a renewal token, if it is still valid. */
  async signedIn(token: string, kind: 'access' | 'renewal'): Promise<SignedIn | undefined> {
    const { clock, issuer } = this.#options;
    const now = clock.now();
    const typ = kind === 'access' ? 'JWT' : renewalType.header;
    const verified = await jwtVerify(token, this.findKey, {
      issuer: issuer(),
      algorithms: [SIGNING_ALGORITHM],
      currentDate: new Date(now),
      typ,
      requiredClaims: ['sub', 'exp', 'auth_time'],
    }).catch(() => undefined);
    const { azp, sub: name = '', auth_time: signedInAt } = verified?.payload ?? {};
    if (!verified || azp !== consoleClientId || typeof signedInAt !== 'number') return undefined;
    if (now >= signedInAt * 1000 + MAX_SESSION_MS) return undefined;
    return { name, generation: generationsOf(verified.payload)[0], signedInAt };
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000);
  }
}

/**
 * Returns the standing to check: the token's user and client as they were; the console never
 * changes.
 */
export function standingOf(claims: JWTPayload): Standing {
  const [userGeneration, clientGeneration] = generationsOf(claims);
  const client = typeof claims.azp === 'string' ? claims.azp : '';
  const { hush_user_since: since } = claims;
  const userSince = typeof since === 'number' ? since : null;
  return { user: claims.sub ?? '', userGeneration, userSince, client, clientGeneration };
}

/** Tokens of an earlier release have none: their users and clients have generation 0. */
function generationsOf({ hush_generations: found }: JWTPayload): readonly [number, number] {
  const [user, client] = Array.isArray(found) ? found.map(Number) : [];
  return [user || 0, client || 0];
}
