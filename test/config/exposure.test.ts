import { describe, expect, test } from 'vitest';
import { anonymousAccess, exposureOf, isPlainSipGuarded } from '../../src/config/exposure.ts';
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

test('nothing is anonymous by default where a proxy stands, or a public address', () => {
  const by = (environment: Record<string, string>) => anonymousAccess(load(environment)).anonymous;
  expect(by({ HUSH_HTTP_TRUSTED_PROXIES: '127.0.0.1' })).toBe(false);
  expect(by({ HUSH_HTTP_PUBLIC_URL: 'https://hush.example.com' })).toBe(false);
  expect(by({ HUSH_HTTP_PUBLIC_URL: 'http://localhost:8080' })).toBe(true);
  expect(by({ HUSH_HTTP_PUBLIC_URL: 'http://[::1]:8080' })).toBe(true);
  const named = { HUSH_HTTP_TRUSTED_PROXIES: '127.0.0.1', HUSH_AUTH_ANONYMOUS: 'true' };
  expect(by(named)).toBe(true);
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

describe('SIP beyond loopback', () => {
  const digest = { users: [{ name: 'sbc', password: 'correct horse battery' }] };
  const mutual = { certFile: 'hush.crt', keyFile: 'hush.key', caFile: 'sbc.crt' };
  const found = (sip: object) => {
    const config = load({});
    const { tls, digest: asked, ...more } = sip as { tls?: object; digest?: object };
    return exposureOf({
      ...config,
      sip: {
        ...{ ...config.sip, ...more },
        tls: { ...config.sip.tls, ...tls },
        digest: { ...config.sip.digest, ...asked },
      },
    });
  };
  const beyond = [
    '0.0.0.0',
    '::',
    '',
    '192.0.2.1',
    '2001:db8::1',
    '::ffff:192.0.2.1',
    '::ffff:0:0',
  ];

  test.each([...beyond, 'recorder.example.com', 'localhost.example.com', '127.1', '0x7f000001'])(
    'is refused where nothing says who may call: %s',
    (host) => {
      expect(found({ host })).toMatchObject({ path: '/sip/host' });
      const tls = { certFile: 'hush.crt', keyFile: 'hush.key' };
      expect(found({ host, tls })).toMatchObject({ path: '/sip/host' });
      for (const world of ['0.0.0.0/0', '::/0', '128.0.0.0/1', '0.0.0.0/1']) {
        const allowedNetworks = ['192.0.2.0/24', world];
        expect(found({ host, allowedNetworks })).toMatchObject({ path: '/sip/allowedNetworks/1' });
      }
    },
  );

  test.each(beyond)('is taken where networks, digest or certificates do: %s', (host) => {
    for (const allowedNetworks of [['192.0.2.10'], ['10.0.0.0/8', 'fd00::/8'], []]) {
      expect(found({ host, allowedNetworks })).toBeUndefined();
    }
    expect(found({ host, digest })).toBeUndefined();
    expect(found({ host, tls: mutual })).toBeUndefined();
    expect(found({ host, digest, allowedNetworks: ['0.0.0.0/0'] })).toBeUndefined();
  });

  test.each(['127.0.0.1', '127.8.8.8', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'LocalHost'])(
    'loopback needs none of them: %s',
    (host) => expect(found({ host })).toBeUndefined(),
  );

  test('the sentence says what to set, and the environment variable', () => {
    expect(() => load({ HUSH_SIP_HOST: '0.0.0.0' })).toThrow(
      /HUSH_SIP_HOST: sip\.host \(0\.0\.0\.0\) is more than loopback.*sip\.allowedNetworks/,
    );
  });

  test('certificates alone leave UDP and TCP closed', async () => {
    const { sip } = load({});
    expect(isPlainSipGuarded({ ...sip, host: '0.0.0.0', tls: { ...sip.tls, ...mutual } })).toBe(
      false,
    );
    expect(isPlainSipGuarded(sip)).toBe(true);
  });
});
