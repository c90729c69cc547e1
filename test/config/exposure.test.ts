import { expect, test } from 'vitest';
import { anonymousAccess, exposureOf } from '../../src/config/exposure.ts';
import { loadConfig } from '../../src/config/load.ts';

function load(environment: Record<string, string>) {
  return loadConfig({ environment });
}

const everywhere = { HUSH_HTTP_HOST: '0.0.0.0' };

test('v1 is on while Hush listens on loopback only, and off by default beyond it', () => {
  expect(anonymousAccess(load({})).anonymous).toBe(true);
  expect(anonymousAccess(load({ HUSH_HTTP_HOST: '::1' })).anonymous).toBe(true);
  expect(anonymousAccess(load(everywhere)).anonymous).toBe(false);
  expect(anonymousAccess(load({ HUSH_AUTH_ANONYMOUS: 'false' })).anonymous).toBe(false);
});

test('a caller without a token is an integrator; without tokens at all, an admin', () => {
  expect(anonymousAccess(load({})).anonymousRole).toBe('integrator');
  expect(anonymousAccess(load({ HUSH_AUTH_MODE: 'none' })).anonymousRole).toBe('admin');
});

test.each(['0.0.0.0/0', '::/0', '0.0.0.0/1', '2000::/3'])(
  'a start that would open v1 to the world is refused: %s',
  (network) => {
    const open = { HUSH_AUTH_ANONYMOUS: 'true', HUSH_HTTP_ANONYMOUS_NETWORKS: network };
    const words =
      `HUSH_HTTP_ANONYMOUS_NETWORKS: http.anonymousNetworks.0 (${network}) would let the whole ` +
      'world use v1 without a token: name the networks of your payment systems and desktops, ' +
      'or set auth.anonymous to false';
    expect(() => load({ ...everywhere, ...open })).toThrow(words);
    const proxied = { HUSH_HTTP_TRUSTED_PROXIES: '127.0.0.1' };
    expect(() => load({ ...proxied, ...open })).toThrow('would let the whole world use v1');
    expect(() => load({ ...open })).not.toThrow();
  },
);

test.each(['10.0.0.0/8', '192.168.0.0/16', 'fd00::/8', 'fc00::/7', '203.0.113.9'])(
  'a network of one’s own may be let in: %s',
  (network) => {
    const open = { HUSH_AUTH_ANONYMOUS: 'true', HUSH_HTTP_ANONYMOUS_NETWORKS: network };
    expect(exposureOf(load({ ...everywhere, ...open }))).toBeUndefined();
  },
);

test('no tokens and no networks: nobody could come in', () => {
  expect(() => load({ ...everywhere, HUSH_AUTH_MODE: 'none' })).toThrow(
    'auth.mode none lets nobody in',
  );
});

test('external without issuers, half a certificate, networks that are none', () => {
  expect(() => load({ HUSH_AUTH_MODE: 'external' })).toThrow('auth.issuers is needed');
  expect(() => load({ HUSH_HTTP_TLS_CERT_FILE: 'x.crt' })).toThrow('needs certFile and keyFile');
  expect(() => load({ HUSH_HTTP_TRUSTED_PROXIES: '10.0.0.1,nonsense' })).toThrow(
    'HUSH_HTTP_TRUSTED_PROXIES: http.trustedProxies.1 (nonsense) is neither',
  );
  expect(() => load({ HUSH_SIP_ALLOWED_NETWORKS: '10.0.0.0/8,10.0.0.1/64' })).toThrow(
    'HUSH_SIP_ALLOWED_NETWORKS: sip.allowedNetworks.1 (10.0.0.1/64) is neither',
  );
});

test('a console client whose tokens would be refused is found at start', () => {
  const config = load({});
  const issuer = {
    ...{ issuer: 'https://login.example.com', clients: ['coreapi'], rolesFrom: [], rolePrefix: '' },
    ...{ uccsFrom: 'uccs', nameFrom: [], urisFrom: [], defaultUccs: [], consoleScope: 'openid' },
  };
  const found = (consoleClient: string) =>
    exposureOf({
      ...config,
      auth: { ...config.auth, mode: 'external', issuers: [{ ...issuer, consoleClient }] },
    });
  expect(found('hush-console')).toMatchObject({ path: '/auth/issuers/0/consoleClient' });
  expect(found('coreapi')).toBeUndefined();
});
