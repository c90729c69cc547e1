import { texts } from './texts.ts';

/** An issuer of users' tokens, and the console's client id there. */
export interface ConsoleIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

/** The token of a user who signed in elsewhere. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresInMs: number;
  /** Undefined if the issuer gives none: the user then signs in again when the token ends. */
  readonly refresh: Refresh | undefined;
}

/** The data for requesting the next token from an issuer. */
export interface Refresh {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly refreshToken: string;
}

/** State kept in this tab while the user is at the issuer. */
interface Begun {
  readonly state: string;
  readonly verifier: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly tokenEndpoint: string;
  /** Hash of the console page that the user was on. */
  readonly hash: string;
}

/** An error whose message is shown to the user. */
export class CodeFlowError extends Error {
  override readonly name = 'CodeFlowError';
}

const KEY = 'hush-code-flow';

/**
 * Redirects to the issuer: authorization code with PKCE, as a public client (RFC 6749 section 4.1,
 * RFC 7636, OpenID Connect Discovery 1.0). @throws CodeFlowError
 */
export async function beginCodeFlow({ issuer, clientId, scope }: ConsoleIssuer): Promise<void> {
  // Browsers offer it only on https and on this machine.
  if (!crypto.subtle) throw new CodeFlowError(texts.signIn.needsHttps);
  const found = await discovered(issuer);
  const [state, verifier] = [randomText(), randomText()];
  const begun: Begun = {
    state,
    verifier,
    issuer,
    clientId,
    tokenEndpoint: found.token_endpoint,
    hash: location.hash,
  };
  sessionStorage.setItem(KEY, JSON.stringify(begun));
  const address = new URL(found.authorization_endpoint);
  const asked = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value);
  location.assign(address);
}

/**
 * Redeems the code if the URL is an issuer's redirect; undefined if it is not. @throws
 * CodeFlowError
 */
export async function finishCodeFlow(): Promise<IssuedToken | undefined> {
  const query = new URLSearchParams(location.search);
  if (!query.has('state')) return undefined;
  const begun = takeBegun();
  history.replaceState(null, '', `${location.pathname}${begun?.hash ?? ''}`);
  // RFC 6749 section 10.12; RFC 9207 section 2.4.
  const isOurs = begun !== undefined && query.get('state') === begun.state;
  const isTheirs = (query.get('iss') ?? begun?.issuer) === begun?.issuer;
  if (!isOurs || !isTheirs) throw new CodeFlowError(texts.signIn.notOurs);
  const refused = query.get('error');
  if (refused !== null) {
    throw new CodeFlowError(`${texts.signIn.refused} ${query.get('error_description') ?? refused}`);
  }
  const { tokenEndpoint, clientId, verifier } = begun;
  return askToken(tokenEndpoint, clientId, {
    grant_type: 'authorization_code',
    code: query.get('code') ?? '',
    redirect_uri: redirectUri(),
    code_verifier: verifier,
  });
}

/** RFC 6749 section 6. @throws CodeFlowError */
export function refreshed({
  tokenEndpoint,
  clientId,
  refreshToken,
}: Refresh): Promise<IssuedToken> {
  const asked = { grant_type: 'refresh_token', refresh_token: refreshToken };
  return askToken(tokenEndpoint, clientId, asked);
}

interface Discovered {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}

async function discovered(issuer: string): Promise<Discovered> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found = (await json(await reached(address))) as Partial<Discovered> | undefined;
  if (found?.issuer !== issuer || !found.authorization_endpoint || !found.token_endpoint) {
    throw new CodeFlowError(`${texts.signIn.noIssuer} ${issuer}`);
  }
  // The page may reach only the issuer's own origin: reported before a useless sign-in.
  const { origin } = new URL(found.token_endpoint, issuer);
  if (origin !== new URL(issuer).origin) {
    throw new CodeFlowError(`${texts.signIn.tokensElsewhere} ${origin}`);
  }
  return found as Discovered;
}

async function askToken(
  tokenEndpoint: string,
  clientId: string,
  form: Record<string, string>,
): Promise<IssuedToken> {
  const body = new URLSearchParams({ client_id: clientId, ...form });
  const response = await reached(tokenEndpoint, { method: 'POST', body });
  const answer = ((await json(response)) ?? {}) as Record<string, unknown>;
  if (!response.ok || typeof answer.access_token !== 'string') {
    const words = answer.error_description ?? answer.error ?? response.status;
    throw new CodeFlowError(`${texts.signIn.refused} ${String(words)}`);
  }
  const refreshToken = answer.refresh_token ?? form.refresh_token;
  return {
    token: answer.access_token,
    expiresInMs: Number(answer.expires_in ?? 300) * 1000,
    refresh:
      typeof refreshToken === 'string' ? { tokenEndpoint, clientId, refreshToken } : undefined,
  };
}

async function reached(address: string, request: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(address, request);
  } catch {
    throw new CodeFlowError(`${texts.signIn.noIssuer} ${new URL(address).origin}`);
  }
}

async function json(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}

/** Reads the state once: a code that returns a second time finds none. */
function takeBegun(): Begun | undefined {
  const kept = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return kept === null ? undefined : (JSON.parse(kept) as Begun);
}

function redirectUri(): string {
  return `${location.origin}/`;
}

/** Returns 256 random bits as text. */
function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return base64url(new Uint8Array(digest));
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
