import type { Principal } from '../model/principal.ts';

/** The token is from no configured issuer and client, or no longer, or not yet, valid. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** The issuer's keys are unavailable, so that the token cannot be checked. Retry later. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

export interface Authenticator {
  /**
   * Returns the bearer of the token (RFC 6750, RFC 9068); at once when it was verified a moment
   * ago.
   * @throws TokenRefusedError, IssuerUnavailableError
   */
  authenticate(token: string): Principal | Promise<Principal>;
}

/** The form of the documented token request, before validation. */
export interface TokenRequest {
  /** Undefined where it cannot be read. */
  readonly form: ReadonlyMap<string, string> | undefined;
  /** The caller's address. */
  readonly address: string;
}

export interface SignInRequest {
  readonly username: string;
  readonly password: string;
  /** The caller's address. */
  readonly address: string;
  /** Adds a `renewal_token` to the answer, for a caller that keeps no connection open meanwhile. */
  readonly isRenewable?: boolean;
}

/** An OAuth 2.0 answer, RFC 6749 sections 5.1 and 5.2. */
export interface TokenAnswer {
  readonly status: 200 | 400 | 401 | 429;
  readonly retryAfterSeconds?: number;
  readonly body: Readonly<Record<string, string | number>>;
}

/** Result of a token request, for the audit log. */
export interface SignIn {
  /** The named user, whether or not it exists. */
  readonly who: string;
  readonly client: string | null;
  readonly address: string;
  readonly outcome: 'ok' | 'denied';
  readonly reason: string | null;
}

/** The embedded issuer, for installations without one of their own. */
export interface TokenIssuer {
  /** A GUID: its realm. */
  readonly tenantId: string;
  /** `{url}/auth/realms/{tenantId}`; known once HTTP listens. */
  readonly issuer: string;
  token(request: TokenRequest): Promise<TokenAnswer>;
  /** Answers a malformed token request with 400, and writes an audit row. */
  malformed(address: string): Promise<TokenAnswer>;
  /** Signs a person in at Hush's own console, a client that cannot keep a secret. */
  signIn(request: SignInRequest): Promise<TokenAnswer>;
  /**
   * Returns a new token for a person who bears one of the console's; undefined where it is none,
   * the user is removed, or the sign-in was too long ago.
   */
  renew(token: string): Promise<TokenAnswer | undefined>;
  /** Does the same by a renewal token of `signIn`, which opens nothing else. */
  renewByRenewalToken(token: string): Promise<TokenAnswer | undefined>;
  /** RFC 7517 section 5: the keys that tokens in circulation are signed with. */
  jwks(): Promise<{ readonly keys: readonly object[] }>;
  /** OpenID Connect Discovery 1.0 section 3. */
  discovery(): Record<string, unknown>;
}
