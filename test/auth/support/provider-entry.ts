// A real OpenID provider in a process of its own: client credentials, and the code flow of a public
// client whose users sign in with any name and password, for JWT access tokens.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';

interface Asked {
  readonly port: number;
  readonly keys: JWK[];
  /** Claims besides the standard ones. */
  readonly claims: Record<string, unknown>;
}

/** Short, so that a console renews its token at once. */
const ACCESS_TOKEN_SECONDS = 120;

const { port, keys, claims } = JSON.parse(process.argv[2] ?? '{}') as Asked;
const server = createServer();
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [
    {
      client_id: 'coreapi',
      client_secret: 'provider-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
    {
      client_id: 'hush-console',
      token_endpoint_auth_method: 'none',
      // Its redirect may name any port of this machine (RFC 8252 section 7.3).
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/'],
      response_types: ['code'],
    },
  ],
  clientBasedCORS: () => true,
  issueRefreshToken: async () => true,
  ttl: { AccessToken: ACCESS_TOKEN_SECONDS },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:hush',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: '',
        audience: String(claims.aud ?? 'account'),
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  extraTokenClaims: () => claims,
});
server.on('request', provider.callback());
process.send?.(issuer);
process.on('disconnect', () => process.exit());
