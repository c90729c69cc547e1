import type { Principal } from '../model/principal.ts';

/** The token is none of a configured issuer and client, or no longer, or not yet, valid. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** The issuer's keys cannot be had: nobody can tell whether the token is good. Try again. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError';
}

export interface Authenticator {
  /**
   * Who bears the token (RFC 6750, RFC 9068); at once when it was verified a moment ago.
   * @throws TokenRefusedError, IssuerUnavailableError
   */
  authenticate(token: string): Principal | Promise<Principal>;
}

/** The form of the documented token request; nothing in it has been believed yet. */
export interface TokenRequest {
  /** Undefined where it cannot be read. */
  readonly form: ReadonlyMap<string, string> | undefined;
  /** Of the caller. */
  readonly address: string;
}

export interface SignInRequest {
  readonly username: string;
  readonly password: string;
  /** Of the caller. */
  readonly address: string;
  /** The answer has a `renewal_token` too, for who keeps nothing open meanwhile. */
  readonly isRenewable?: boolean;
}

/** An OAuth 2.0 answer, RFC 6749 sections 5.1 and 5.2. */
export interface TokenAnswer {
  readonly status: 200 | 400 | 401 | 429;
  readonly retryAfterSeconds?: number;
  readonly body: Readonly<Record<string, string | number>>;
}

/** What a token request came to, for the audit log. */
export interface SignIn {
  /** The user that was named, whether there is one or not. */
  readonly who: string;
  readonly client: string | null;
  readonly address: string;
  readonly outcome: 'ok' | 'denied';
  readonly reason: string | null;
}

/** The embedded issuer, for installations that have none. */
export interface TokenIssuer {
  /** A GUID: its realm. */
  readonly tenantId: string;
  /** `{url}/auth/realms/{tenantId}`; known once HTTP listens. */
  readonly issuer: string;
  token(request: TokenRequest): Promise<TokenAnswer>;
  /** A token request that is none: it leaves a row of the audit log, and is answered 400. */
  malformed(address: string): Promise<TokenAnswer>;
  /** For Hush's own console, which is no client that could keep a secret. */
  signIn(request: SignInRequest): Promise<TokenAnswer>;
  /**
   * Another token for a person who bears one of the console's; undefined where it is none, the
   * user is there no more, or has been signed in for too long.
   */
  renew(token: string): Promise<TokenAnswer | undefined>;
  /** The same by what `signIn` gave for it, which opens nothing else. */
  renewByRenewalToken(token: string): Promise<TokenAnswer | undefined>;
  /** RFC 7517 section 5: the keys that tokens in circulation are signed with. */
  jwks(): Promise<{ readonly keys: readonly object[] }>;
  /** OpenID Connect Discovery 1.0 section 3. */
  discovery(): Record<string, unknown>;
}
