import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { IssuerKeys } from '../../src/auth/issuer-keys.ts';
import { TokenVerifier } from '../../src/auth/token-verifier.ts';
import { IssuerUnavailableError, TokenRefusedError } from '../../src/domain/ports/authenticator.ts';
import {
  IssuerServer,
  makeKey,
  makeToken,
  publicPem,
  type TestKey,
} from './support/issuer-server.ts';

const SKEW_MS = 30_000;
let key: TestKey;
let stranger: TestKey;
let issuer: IssuerServer;
let verifier: TokenVerifier;
let nowMs: number;
const clock = { now: () => nowMs };

beforeAll(async () => {
  key = await makeKey('one');
  stranger = await makeKey('two');
});
beforeEach(async () => {
  nowMs = Date.now();
  issuer = await IssuerServer.start();
  issuer.published = [key.jwk];
  verifier = newVerifier(issuer);
});
afterEach(() => issuer.close());

function newVerifier(server: IssuerServer, jwksUri?: string): TokenVerifier {
  const keys = new IssuerKeys({
    issuer: server.url,
    ...(jwksUri === undefined ? {} : { jwksUri }),
    keysFetchTimeoutMs: 300,
    keysRefreshMs: 600_000,
    keysMaxAgeMs: 86_400_000,
    keysCooldownMs: 30_000,
    clock,
    onError: () => undefined,
  });
  return new TokenVerifier({
    issuer: (name) =>
      name === server.url ? { settings: server.settings, findKey: keys.find } : undefined,
    clockSkewMs: SKEW_MS,
    tokenCacheMs: 60_000,
    maxCachedTokens: 100,
    maxTokenBytes: 8_192,
    clock,
    isCurrent: () => true,
  });
}

const verify = async (token: string) => verifier.authenticate(token);
const refused = (token: string) => expect(verify(token)).rejects.toThrow(TokenRefusedError);
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Puts the token's own claims under another header, with any signature. */
async function forge(header: object, sign: (signed: string) => string): Promise<string> {
  const [, payload = ''] = (await makeToken(issuer.url, key)).split('.');
  const signed = `${encode(header)}.${payload}`;
  return `${signed}.${sign(signed)}`;
}

describe('a valid token', () => {
  test('identifies its bearer', async () => {
    expect(await verify(await makeToken(issuer.url, key))).toMatchObject({
      name: 'eva',
      client: 'coreapi',
      roles: ['supervisor'],
      uccs: new Set(['ucc-a']),
    });
  });

  test('is verified once and then cached for a minute', async () => {
    const token = await makeToken(issuer.url, key);
    const principal = await verify(token);
    expect(verifier.authenticate(token)).toBe(principal);
    nowMs += 60_000;
    expect(verifier.authenticate(token)).toBeInstanceOf(Promise);
  });

  test('is not cached longer than it is valid', async () => {
    const token = await makeToken(issuer.url, key, { expiresIn: 10 });
    await verify(token);
    nowMs += 10_000 + SKEW_MS + 1_000;
    await refused(token);
  });
});

describe('an invalid token is refused', () => {
  test('alg: none', async () => {
    await refused(await forge({ alg: 'none', kid: 'one' }, () => ''));
    await refused(await forge({ alg: 'None', kid: 'one' }, () => 'AA'));
  });

  test('HS256 with the public key as the secret', async () => {
    const secrets = [await publicPem(key), JSON.stringify(key.jwk), key.jwk.n ?? ''];
    for (const secret of secrets) {
      const sign = (signed: string) =>
        createHmac('sha256', secret).update(signed).digest('base64url');
      await refused(await forge({ alg: 'HS256', kid: 'one' }, sign));
    }
  });

  test('the signature of another key, under the name of ours', async () => {
    await refused(await makeToken(issuer.url, { ...stranger, kid: 'one' }));
  });

  test('a key that the token itself contains', async () => {
    const header = { kid: 'one', jwk: stranger.jwk, jku: `${issuer.url}/evil` };
    await refused(await makeToken(issuer.url, { ...stranger, kid: 'one' }, { header }));
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['an issuer that only looks alike', { iss: ' ' }],
    ['a client that is not configured', { azp: 'other' }],
    ['an audience that is not configured', { azp: undefined, aud: ['other', 'account'] }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is no number', { exp: 'tomorrow' as unknown as number }],
    ['an ID token', { typ: 'ID' }],
    ['a refresh token', { typ: 'Refresh' }],
    ['one that was issued in the future', { iat: 4_000_000_000 }],
  ])('%s', async (_, claims) => {
    await refused(await makeToken(issuer.url, key, { claims: claims as JWTPayload }));
  });

  test.each(['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'JOSE'])('a %s', async (typ) => {
    await refused(await makeToken(issuer.url, key, { header: { typ } }));
  });

  test.each(['at+jwt', 'application/at+JWT', 'JWT', undefined])('not a %s', async (typ) => {
    const token = await makeToken(issuer.url, key, { header: { typ } });
    await expect(verify(token)).resolves.toBeDefined();
  });

  test('an audience that names the client is sufficient, as in tokens of Entra', async () => {
    const claims = { azp: undefined, aud: 'coreapi' };
    await expect(verify(await makeToken(issuer.url, key, { claims }))).resolves.toBeDefined();
  });

  test('roles that another client defines for itself are ignored', async () => {
    const claims = {
      azp: 'other',
      aud: ['coreapi'],
      realm_access: undefined,
      resource_access: { other: { roles: ['hush-admin'] }, coreapi: { roles: ['hush-agent'] } },
    };
    const principal = await verify(await makeToken(issuer.url, key, { claims }));
    expect(principal).toMatchObject({ client: 'other', roles: ['agent'] });
  });

  test('expired, beyond the clock skew', async () => {
    await expect(
      verify(await makeToken(issuer.url, key, { expiresIn: -20 })),
    ).resolves.toBeDefined();
    await refused(await makeToken(issuer.url, key, { expiresIn: -40 }));
  });

  test('not yet valid, beyond the clock skew', async () => {
    const at = (seconds: number) => Math.floor(nowMs / 1000) + seconds;
    const soon = { claims: { nbf: at(20) } };
    await expect(verify(await makeToken(issuer.url, key, soon))).resolves.toBeDefined();
    await refused(await makeToken(issuer.url, key, { claims: { nbf: at(60) } }));
  });

  test('oversized, before any of it is read', async () => {
    expect(() => verifier.authenticate('x'.repeat(8_193))).toThrow(TokenRefusedError);
    expect(issuer.requests).toBe(0);
  });

  test.each(['', 'x', '..', 'a.b.c', '{}.{}.{}', 'e30.e30.e30', '\u{0}'])('garbage: %j', refused);

  test('with an error that never contains the token', async () => {
    const token = await makeToken(issuer.url, key, { claims: { azp: 'other' } });
    const error = (await verify(token).catch((cause: unknown) => cause)) as Error;
    expect(error.message).toBe('client');
    expect(error.cause).toBeUndefined();
  });
});

describe('keys of an issuer', () => {
  test('an unknown key is requested once, followed by a cool-down', async () => {
    await verify(await makeToken(issuer.url, key));
    expect(issuer.requests).toBe(1);
    nowMs += 31_000;
    for (let count = 0; count < 5; count += 1) await refused(await makeToken(issuer.url, stranger));
    expect(issuer.requests).toBe(2);
    nowMs += 31_000;
    issuer.published = [key.jwk, stranger.jwk];
    await expect(verify(await makeToken(issuer.url, stranger))).resolves.toBeDefined();
    expect(issuer.requests).toBe(3);
  });

  test('a key that is new just after a fetch is requested at once', async () => {
    await verify(await makeToken(issuer.url, key));
    issuer.published = [key.jwk, stranger.jwk];
    await expect(verify(await makeToken(issuer.url, stranger))).resolves.toBeDefined();
    expect(issuer.requests).toBe(2);
  });

  test('many concurrent tokens cause one request', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        makeToken(issuer.url, key, { claims: { jti: String(index) } }),
      ),
    );
    await Promise.all(tokens.map(verify));
    expect(issuer.requests).toBe(1);
  });

  test.each([
    ['hangs', () => undefined],
    ['answers garbage', (response) => void response.end('<html>')],
    ['answers no keys', (response) => void response.end('{"keys":[]}')],
    ['answers 500', (response) => void response.writeHead(500).end('{"keys":[{}]}')],
    ['answers 5 MB', (response) => void response.end(`{"keys":["${'x'.repeat(5_000_000)}"]}`)],
    ['leads elsewhere', (response) => void response.writeHead(302, { Location: '/' }).end()],
  ] satisfies [string, NonNullable<IssuerServer['misbehave']>][])(
    'a JWKS that %s: unavailable without old keys, unnoticed with them',
    async (_, misbehave) => {
      issuer.misbehave = misbehave;
      await expect(verify(await makeToken(issuer.url, key))).rejects.toThrow(
        IssuerUnavailableError,
      );
      issuer.misbehave = undefined;
      nowMs += 6_000;
      const claims = { jti: 'later' };
      await expect(verify(await makeToken(issuer.url, key, { claims }))).resolves.toBeDefined();
      issuer.misbehave = misbehave;
      nowMs += 40_000;
      await expect(verify(await makeToken(issuer.url, key))).resolves.toBeDefined();
      await expect(verify(await makeToken(issuer.url, stranger))).rejects.toThrow(
        IssuerUnavailableError,
      );
    },
  );

  test('known keys are used for a day while the issuer is down, then they expire', async () => {
    await verify(await makeToken(issuer.url, key));
    await issuer.close();
    const later = async (ms: number) => {
      nowMs += ms;
      const claims = { exp: Math.floor(nowMs / 1000) + 300, jti: String(nowMs) };
      return verify(await makeToken(issuer.url, key, { claims }));
    };
    await expect(later(80_000_000)).resolves.toBeDefined();
    await expect(later(6_500_000)).rejects.toThrow(IssuerUnavailableError);
    issuer = await IssuerServer.start();
  });
});
