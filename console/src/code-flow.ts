import * as oauth from 'oauth4webapi';
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
  readonly server: oauth.AuthorizationServer;
  readonly clientId: string;
  readonly refreshToken: string;
}

/** State kept in this tab while the user is at the issuer. */
interface Begun {
  readonly state: string;
  readonly verifier: string;
  readonly server: oauth.AuthorizationServer;
  readonly clientId: string;
  /** Hash of the console page that the user was on. */
  readonly hash: string;
}

/** An error whose message is shown to the user. */
export class CodeFlowError extends Error {
  override readonly name = 'CodeFlowError';
}

const KEY = 'hush-code-flow';
/** Lifetime of a token whose issuer names none, s. */
const DEFAULT_LIFETIME_S = 300;

/**
 * Redirects to the issuer: authorization code with PKCE, as a public client (RFC 6749 section 4.1,
 * RFC 7636, OpenID Connect Discovery 1.0). @throws CodeFlowError
 */
export async function beginCodeFlow({ issuer, clientId, scope }: ConsoleIssuer): Promise<void> {
  // Browsers offer it only on https and on this machine.
  if (!crypto.subtle) throw new CodeFlowError(texts.signIn.needsHttps);
  const server = await discovered(issuer);
  const [state, verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()];
  const begun: Begun = { state, verifier, server, clientId, hash: location.hash };
  sessionStorage.setItem(KEY, JSON.stringify(begun));
  const address = new URL(server.authorization_endpoint as string);
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
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
  if (!begun) throw new CodeFlowError(texts.signIn.notOurs);
  const { server, clientId, state, verifier } = begun;
  const client = { client_id: clientId };
  return tokenOf(server, clientId, async () => {
    // RFC 6749 section 10.12; RFC 9207 section 2.4.
    const answer = oauth.validateAuthResponse(server, client, query, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.None(),
      answer,
      redirectUri(),
      verifier,
      optionsFor(server),
    );
    return oauth.processAuthorizationCodeResponse(server, client, response);
  });
}

/** RFC 6749 section 6. @throws CodeFlowError */
export function refreshed({ server, clientId, refreshToken }: Refresh): Promise<IssuedToken> {
  const client = { client_id: clientId };
  return tokenOf(
    server,
    clientId,
    async () => {
      const response = await oauth.refreshTokenGrantRequest(
        server,
        client,
        oauth.None(),
        refreshToken,
        optionsFor(server),
      );
      return oauth.processRefreshTokenResponse(server, client, response);
    },
    refreshToken,
  );
}

async function discovered(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  let server: oauth.AuthorizationServer;
  try {
    const response = await oauth.discoveryRequest(url, optionsFor({ issuer }));
    server = await oauth.processDiscoveryResponse(url, response);
  } catch {
    throw new CodeFlowError(`${texts.signIn.noIssuer} ${issuer}`);
  }
  const { authorization_endpoint: authorization, token_endpoint: token } = server;
  if (!authorization || !token) throw new CodeFlowError(`${texts.signIn.noIssuer} ${issuer}`);
  // The page may reach only the issuer's own origin: reported before a useless sign-in.
  const { origin } = new URL(token, issuer);
  if (origin !== url.origin) {
    throw new CodeFlowError(`${texts.signIn.tokensElsewhere} ${origin}`);
  }
  return {
    issuer: server.issuer,
    authorization_endpoint: authorization,
    token_endpoint: token,
    authorization_response_iss_parameter_supported:
      server.authorization_response_iss_parameter_supported ?? false,
  };
}

/** @param known the refresh token that stays valid where the answer brings no other one */
async function tokenOf(
  server: oauth.AuthorizationServer,
  clientId: string,
  ask: () => Promise<oauth.TokenEndpointResponse>,
  known?: string,
): Promise<IssuedToken> {
  let answer: oauth.TokenEndpointResponse;
  try {
    answer = await ask();
  } catch (cause) {
    throw new CodeFlowError(messageOf(cause, server));
  }
  const refreshToken = answer.refresh_token ?? known;
  return {
    token: answer.access_token,
    expiresInMs: (answer.expires_in ?? DEFAULT_LIFETIME_S) * 1000,
    refresh: refreshToken === undefined ? undefined : { server, clientId, refreshToken },
  };
}

function messageOf(cause: unknown, { issuer }: oauth.AuthorizationServer): string {
  if (
    cause instanceof oauth.AuthorizationResponseError ||
    cause instanceof oauth.ResponseBodyError
  ) {
    return `${texts.signIn.refused} ${cause.error_description ?? cause.error}`;
  }
  if (cause instanceof oauth.OperationProcessingError) {
    const { cause: answer } = cause;
    if (answer instanceof Response) return `${texts.signIn.refused} ${answer.status}`;
    return texts.signIn.notOurs;
  }
  return `${texts.signIn.noIssuer} ${new URL(issuer).origin}`;
}

/** Plain HTTP is used only where the configuration names such an issuer. */
function optionsFor({ issuer }: oauth.AuthorizationServer) {
  return { [oauth.allowInsecureRequests]: new URL(issuer).protocol === 'http:' };
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
