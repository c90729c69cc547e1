import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { IssuerSettings } from '../../../src/auth/claims.ts';

export interface TestKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(kid: string): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  return { kid, privateKey, publicKey, jwk };
}

export function publicPem(key: TestKey): Promise<string> {
  return exportSPKI(key.publicKey);
}

type Answer = (response: ServerResponse) => void;

/** An issuer over real HTTP whose JWKS answers whatever a test wants, and counts requests. */
export class IssuerServer {
  readonly url: string;
  published: JWK[] = [];
  requests = 0;
  /** Replaces the JWKS answer. */
  misbehave: Answer | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => this.#answer(request.url ?? '', response));
  }

  static async start(): Promise<IssuerServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new IssuerServer(server);
  }

  get settings(): IssuerSettings {
    return {
      issuer: this.url,
      clients: ['coreapi'],
      rolesFrom: ['roles', 'realm_access.roles', 'resource_access.{client}.roles'],
      rolePrefix: 'hush-',
      uccsFrom: 'hush_uccs',
      nameFrom: ['preferred_username', 'upn', 'sub'],
      urisFrom: ['sip_uri', 'preferred_username', 'upn'],
      defaultUccs: [],
    };
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(url: string, response: ServerResponse): void {
    if (url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }));
      return;
    }
    this.requests += 1;
    if (this.misbehave) this.misbehave(response);
    else response.end(JSON.stringify({ keys: this.published }));
  }
}

export interface TokenChanges {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  /** Seconds from now. */
  readonly expiresIn?: number;
}

/** Makes a token as Keycloak does, with changes. */
export function makeToken(issuer: string, key: TestKey, changes: TokenChanges = {}) {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: issuer,
    sub: 'f0e1',
    aud: 'account',
    azp: 'coreapi',
    typ: 'Bearer',
    iat: now,
    exp: now + (changes.expiresIn ?? 300),
    preferred_username: 'eva',
    realm_access: { roles: ['hush-supervisor', 'offline_access'] },
    hush_uccs: ['ucc-a'],
    ...changes.claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...changes.header })
    .sign(key.privateKey);
}
