import type { JWTPayload } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { IssuerKeys } from '../../src/auth/issuer-keys.ts';
import { TokenVerifier } from '../../src/auth/token-verifier.ts';
import { IssuerUnavailableError, TokenRefusedError } from '../../src/domain/ports/authenticator.ts';
import { IssuerServer, makeKey, makeToken, type TestKey } from './support/issuer-server.ts';

let key: TestKey;
let stranger: TestKey;
let issuer: IssuerServer;
let verifier: TokenVerifier;
let nowMs: number;

beforeAll(async () => {
  key = await makeKey('one');
  stranger = await makeKey('two');
});
beforeEach(async () => {
  nowMs = Date.now();
  issuer = await IssuerServer.start();
  issuer.published = [key.jwk];
  const clock = { now: () => nowMs };
  const { find } = new IssuerKeys({
    issuer: issuer.url,
    clock,
    onError: () => undefined,
    keysFetchTimeoutMs: 1_000,
    keysRefreshMs: 600_000,
    keysMaxAgeMs: 86_400_000,
    keysCooldownMs: 30_000,
  });
  verifier = new TokenVerifier({
    issuer: () => ({ settings: issuer.settings, findKey: find }),
    clockSkewMs: 0,
    tokenCacheMs: 0,
    maxCachedTokens: 100,
    maxTokenBytes: 8_192,
    clock,
    isCurrent: () => true,
  });
});
afterEach(() => issuer.close());

const verify = async (token: string) => verifier.authenticate(token);
const refused = (token: string) => expect(verify(token)).rejects.toThrow(TokenRefusedError);

describe('other kinds of token are refused', () => {
  test.each([
    ['an ID token, in another case', { typ: 'id' }],
    ['a renewal token', { typ: 'renewal' }],
    ['an ID token with blanks', { typ: ' ID ' }],
    ['an ID token by another name', { typ: 'id_token' }],
    ['a logout token', { typ: 'logout+jwt' }],
    ['a type that nobody knows', { typ: 'x' }],
    ['an empty type', { typ: '' }],
    ['a type that is no text', { typ: ['Bearer'] }],
    ['an ID token of Cognito', { token_use: 'id' }],
    ['a refresh token of Cognito', { token_use: 'refresh' }],
    ['a use that is no text', { token_use: ['access'] }],
    ['an ID token by its nonce', { nonce: 'n-0S6_WzA2Mj' }],
    ['an ID token by what it hashes', { at_hash: 'MTIzNDU2Nzg5MDEyMzQ1Ng' }],
    ['an ID token by the code that it hashes', { c_hash: 'LDktKdoQak3Pk0cnXxCltA' }],
    [
      'a logout token by its events',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    ],
    ['one that is bound to a key', { cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }],
    ['one that is bound to a certificate', { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9' } }],
  ])('%s', async (_, claims) => {
    await refused(await makeToken(issuer.url, key, { claims: claims as JWTPayload }));
  });

  test('a bearer token is accepted, whatever the case of its type', async () => {
    for (const typ of ['Bearer', 'bearer', ' BEARER ', 'JWT', 'at+jwt', 'application/at+jwt']) {
      const token = await makeToken(issuer.url, key, { claims: { typ, jti: typ } });
      await expect(verify(token)).resolves.toBeDefined();
    }
    const ofCognito = await makeToken(issuer.url, key, { claims: { token_use: 'access' } });
    await expect(verify(ofCognito)).resolves.toBeDefined();
  });
});

describe('unknown keys', () => {
  test('with garbage ids neither block a new key nor flood the issuer', async () => {
    await verify(await makeToken(issuer.url, key));
    for (let count = 0; count < 20; count += 1) {
      const named = await makeToken(issuer.url, { ...stranger, kid: `garbage-${count}` });
      await expect(verify(named)).rejects.toThrow();
    }
    expect(issuer.requests).toBe(2);
    issuer.published = [key.jwk, stranger.jwk];
    const good = await makeToken(issuer.url, stranger);
    // Within a second of the previous request the key is unknown, which is no refusal.
    await expect(verify(good)).rejects.toThrow(IssuerUnavailableError);
    nowMs += 1_000;
    await expect(verify(good)).resolves.toBeDefined();
    expect(issuer.requests).toBe(3);
  });

  test('with an endless id are refused without a request', async () => {
    await verify(await makeToken(issuer.url, key));
    await refused(await makeToken(issuer.url, { ...stranger, kid: 'x'.repeat(1_000) }));
    expect(issuer.requests).toBe(1);
  });
});
