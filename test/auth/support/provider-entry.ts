// A real OpenID provider in a process of its own: client credentials for JWT access tokens.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';
import { Provider } from 'oidc-provider';

interface Asked {
  readonly port: number;
  readonly keys: JWK[];
  /** Claims beside the standard ones. */
  readonly claims: Record<string, unknown>;
}

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
  ],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
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
