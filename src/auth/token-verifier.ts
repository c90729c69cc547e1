import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { Principal, Standing } from '../domain/model/principal.ts';
import {
  type Authenticator,
  IssuerUnavailableError,
  TokenRefusedError,
} from '../domain/ports/authenticator.ts';
import type { Clock } from '../domain/ports/clock.ts';
import { type IssuerSettings, isAccessType, principalOf } from './claims.ts';
import { verifiedJwt } from './verified-jwt.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** An issuer whose tokens are accepted, and the source of its keys. */
export interface TrustedIssuer {
  readonly settings: IssuerSettings;
  readonly findKey: JWTVerifyGetKey;
  /** For Hush's own issuer: the account may be gone since. */
  standingOf?(claims: JWTPayload): Standing;
}

export interface TokenVerifierOptions {
  /** Returns the issuer named by `iss`; undefined if it is not configured. */
  issuer(name: string): TrustedIssuer | undefined;
  /** Returns true if the account is unchanged since it got the token. */
  isCurrent(principal: Principal): boolean;
  readonly clockSkewMs: number;
  readonly tokenCacheMs: number;
  readonly maxCachedTokens: number;
  readonly maxTokenBytes: number;
  readonly clock: Clock;
}

/** Verifies bearer tokens (RFC 7519, RFC 8725). Its errors never hold the token. */
export class TokenVerifier implements Authenticator {
  readonly #options: TokenVerifierOptions;
  readonly #verified: VerifiedTokens;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#verified = new VerifiedTokens(options.maxCachedTokens);
  }

  authenticate(token: string): Principal | Promise<Principal> {
    if (token.length > this.#options.maxTokenBytes) throw new TokenRefusedError('size');
    const known = this.#verified.get(token, this.#options.clock.now());
    if (!known) return this.#verify(token);
    if (!this.#options.isCurrent(known)) throw new TokenRefusedError('removed');
    return known;
  }

  async #verify(token: string): Promise<Principal> {
    const { clock, clockSkewMs, tokenCacheMs } = this.#options;
    const { settings, findKey, standingOf } = this.#issuerOf(token);
    const now = clock.now();
    try {
      const { payload, protectedHeader } = await verifiedJwt(token, findKey, {
        issuer: settings.issuer,
        clockTolerance: clockSkewMs / 1000,
        currentDate: new Date(now),
        requiredClaims: ['exp'],
      });
      // A token that declares another type is refused (RFC 8725 section 3.11).
      if (!isAccessType(protectedHeader.typ)) throw new TokenRefusedError('typ');
      const { iat } = payload;
      if (iat !== undefined && iat * 1000 > now + clockSkewMs) throw new TokenRefusedError('iat');
      const claimed = principalOf(payload, settings, standingOf?.(payload));
      const expiresAt = (claimed.expiresAt ?? 0) + clockSkewMs;
      const principal = { ...claimed, expiresAt };
      if (!this.#options.isCurrent(principal)) throw new TokenRefusedError('removed');
      this.#verified.set(token, principal, Math.min(expiresAt, now + tokenCacheMs));
      return principal;
    } catch (cause) {
      throw refusalOf(cause);
    }
  }

  /**
   * Returns the issuer that the token claims, which is trusted only once its key has verified the
   * token.
   */
  #issuerOf(token: string): TrustedIssuer {
    let name: unknown;
    try {
      name = decodeJwt(token).iss;
    } catch {
      throw new TokenRefusedError('form');
    }
    const issuer = typeof name === 'string' ? this.#options.issuer(name) : undefined;
    if (!issuer) throw new TokenRefusedError('issuer');
    return issuer;
  }
}

function refusalOf(cause: unknown): Error {
  if (cause instanceof TokenRefusedError || cause instanceof IssuerUnavailableError) return cause;
  if (cause instanceof errors.JWTExpired) return new TokenRefusedError('expired');
  // The message of a claim's error would name its value.
  return new TokenRefusedError(cause instanceof errors.JOSEError ? cause.code : 'form');
}
