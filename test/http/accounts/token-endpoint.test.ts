import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret } from '../../../src/auth/password-hash.ts';
import type { Role } from '../../../src/domain/model/principal.ts';
import type { TestHush } from '../../support/hush/hush.ts';
import {
  clientId,
  clientSecret,
  hushWithPeople,
  type Person,
  tenantId,
  tokenForm,
  tokenUrl,
} from '../../support/people.ts';
import { raw } from '../contract/contract-support.ts';

/** Tests the token endpoint as OAuth 2.0 libraries use it (RFC 6749). */

const oddId = 'client:with odd/chars+é%';
const oddSecret = 'sëcret: 100%+ & more=';
const challenge = 'Basic realm="hush", charset="UTF-8"';
let hush: TestHush;
let people: Record<Role, Person>;

beforeAll(async () => {
  ({ hush, people } = await hushWithPeople({}, { [oddId]: await hashSecret(oddSecret) }));
});
afterAll(() => hush.remove());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(form: URLSearchParams | string, more: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(tokenUrl(hush.api), { method: 'POST', body: form, ...more });
  const body = (await answer.json()) as Answer['body'];
  return { status: answer.status, headers: answer.headers, body };
}

/** Encodes by RFC 6749 appendix B, as libraries do. */
const encoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

function basic(id: string, secret: string, encode = encoded): Record<string, string> {
  const pair = `${encode(id)}:${encode(secret)}`;
  return { Authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Returns the form without the fields in the header. */
function bare(changes: Record<string, string> = {}): URLSearchParams {
  const form = tokenForm(people.admin, changes);
  form.delete('client_id');
  form.delete('client_secret');
  return form;
}

describe('client_secret_basic', () => {
  test.each<[string, () => Record<string, string>]>([
    ['plain', () => basic(clientId, clientSecret)],
    ['not encoded', () => basic(clientId, clientSecret, String)],
    [
      'in any case',
      () => ({
        authorization: basic(clientId, clientSecret).Authorization?.replace('Basic', 'bAsIc') ?? '',
      }),
    ],
    ['form-encoded', () => basic(oddId, oddSecret)],
    ['percent-encoded', () => basic(oddId, oddSecret, encodeURIComponent)],
  ])('accepts %s', async (_, headers) => {
    const { status, body } = await ask(bare({ scope: 'openid profile' }), { headers: headers() });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
  });

  test('accepts the same client_id in the form, and empty fields', async () => {
    const form = bare({ client_id: clientId, client_secret: '', scope: '' });
    form.set('client_id', clientId);
    form.set('client_secret', '');
    const { status } = await ask(form, { headers: basic(clientId, clientSecret) });
    expect(status).toBe(200);
  });

  test.each<[string, () => Record<string, string>]>([
    ['a wrong secret', () => basic(clientId, 'wrong')],
    ['an unknown client', () => basic('nobody', clientSecret)],
    ['no colon', () => ({ Authorization: `Basic ${Buffer.from('coreapi').toString('base64')}` })],
    ['no name', () => basic('', clientSecret)],
    ['no Base64', () => ({ Authorization: 'Basic ä'.replace('ä', '%%%') })],
    ['nothing at all', () => ({ Authorization: 'Basic' })],
  ])('answers 401 with a challenge: %s', async (_, headers) => {
    const { status, headers: got, body } = await ask(bare(), { headers: headers() });
    expect(status).toBe(401);
    expect(got.get('www-authenticate')).toBe(challenge);
    expect(got.get('cache-control')).toBe('no-store');
    expect(body).toEqual({ error: 'invalid_client', error_description: expect.any(String) });
  });

  test('unknown parameters are ignored, however often they occur (RFC 8707)', async () => {
    const form = tokenForm(people.admin, {});
    for (const url of ['https://one.example', 'https://two.example']) form.append('resource', url);
    expect((await ask(form)).status).toBe(200);
    form.append('username', 'another');
    expect(await ask(form)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    const twice = new URLSearchParams([...tokenForm(people.admin, {}), ['scope', 'a']]);
    twice.append('scope', 'b');
    expect((await ask(twice)).status).toBe(400);
  });

  test('another scheme than Basic is ignored', async () => {
    const headers = { Authorization: 'Bearer of-another-request' };
    expect((await ask(tokenForm(people.admin), { headers })).status).toBe(200);
    expect((await ask(bare(), { headers })).body.error).toBe('invalid_request');
  });

  test('two authentication methods or two clients are answered 400', async () => {
    const headers = basic(clientId, clientSecret);
    for (const form of [tokenForm(people.admin), bare()]) {
      if (!form.has('client_id')) form.set('client_id', 'another');
      const { status, body } = await ask(form, { headers });
      expect(status).toBe(400);
      expect(body).toEqual({ error: 'invalid_request', error_description: expect.any(String) });
    }
  });
});

describe('every token error has a description that repeats nothing', () => {
  const sent = 'SENT-BY-THE-CLIENT';
  test.each<[number, string, () => [URLSearchParams | string, RequestInit?]]>([
    [400, 'invalid_request', () => [new URLSearchParams({ grant_type: sent })]],
    [400, 'unsupported_grant_type', () => [tokenForm(people.admin, { grant_type: sent })]],
    [400, 'invalid_request', () => [`username=${sent}&username=${sent}`, formType]],
    [401, 'invalid_client', () => [tokenForm(people.admin, { client_secret: sent })]],
    [401, 'invalid_grant', () => [tokenForm(people.admin, { password: sent })]],
    [
      415,
      'invalid_request',
      () => [`{"username":"${sent}"}`, { headers: { 'Content-Type': 'application/json' } }],
    ],
    [
      415,
      'invalid_request',
      () => [sent, { headers: { ...formType.headers, 'Content-Encoding': 'x' } }],
    ],
    [413, 'invalid_request', () => [`username=${sent.repeat(10_000)}`, formType]],
  ])('%i %s', async (status, error, request) => {
    const answer = await ask(...request());
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error, error_description: expect.any(String) });
    expect(JSON.stringify(answer.body)).not.toContain(sent);
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? challenge : null);
  });
});

const formType = { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };

describe('spellings of a token request', () => {
  test.each([
    'application/x-www-form-urlencoded; charset=UTF-8',
    'Application/X-WWW-Form-URLencoded;Charset="utf-8"',
    'application/x-www-form-urlencoded; CHARSET=Utf-8',
  ])('%s', async (type) => {
    const form = tokenForm(people.admin).toString();
    expect((await ask(form, { headers: { 'Content-Type': type } })).status).toBe(200);
  });

  test('a compressed form', async () => {
    const body = new Uint8Array(gzipSync(tokenForm(people.admin).toString()));
    const headers = { ...formType.headers, 'Content-Encoding': 'gzip' };
    expect((await ask('', { headers, body })).status).toBe(200);
  });

  test('the realm in any case', async () => {
    for (const realm of [tenantId.toUpperCase(), tenantId]) {
      for (const word of ['realms', 'Realms', 'REALMS']) {
        const path = `/auth/${word}/${realm}/protocol/OpenID-Connect/token`;
        const body = tokenForm(people.admin);
        expect((await fetch(hush.api + path, { method: 'POST', body })).status).toBe(200);
      }
    }
  });

  test.each(['GET', 'PUT', 'DELETE'])('405 with Allow: %s', async (method) => {
    const answer = await raw(hush.api, new URL(tokenUrl(hush.api)).pathname, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
  });

  test('discovery lists both authentication methods', async () => {
    const path = `/auth/realms/${tenantId}/.well-known/openid-configuration`;
    expect(await hush.get(path)).toMatchObject({
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    });
  });
});
