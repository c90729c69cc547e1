import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ucc } from '../../support/hush/hush.ts';
import {
  base,
  ContractBench,
  errorText,
  later,
  locked,
  off,
  type RawRequest,
  set,
  stateText,
} from './contract-support.ts';

const stranger = 'sip:stranger@domain.com';
const statusCodes = ['ok', 'mapped'] as const;

describe.each(statusCodes)('status codes with http.statusCodes: %s', (mode) => {
  let bench: ContractBench;
  const calls: Record<string, string> = {};
  const expected = (mapped: number): number => (mode === 'ok' ? 200 : mapped);

  beforeAll(async () => {
    bench = await ContractBench.open((config) => ({
      ...config,
      http: { ...config.http, statusCodes: mode },
    }));
    for (const name of [ucc, later, locked, off]) calls[name] = await bench.call(name);
    calls.silent = (await bench.callWithoutMedia()).correlationId;
    calls.unknown = randomUUID();
  });
  afterAll(() => bench.close());

  test.each([
    ['success', ucc, ucc, 200],
    ['1', off, off, 503],
    ['2', 'nobody', ucc, 404],
    ['3', ucc, 'unknown', 404],
    ['4', ucc, 'silent', 404],
  ])('state, message %s', async (_, uccName, call, mapped) => {
    const { status } = await bench.state(uccName, calls[call] ?? '');
    expect(status).toBe(expected(mapped));
  });

  test.each([
    ['success', { Action: 'Mark' }, ucc, 200],
    ['1', { Action: 'Mark', UCCName: off }, off, 503],
    ['1, no media', { Action: 'Mark' }, 'silent', 503],
    ['2', { Action: 'Mark', UCCName: 'nobody' }, ucc, 404],
    ['3', { Action: 'Mark' }, 'unknown', 404],
    ['5', { Action: 'Mark', UCCName: locked }, locked, 403],
    ['6', { Action: 'Mark', RequesterSipUri: stranger }, ucc, 403],
    ['7', {}, ucc, 400],
    ['8', { Action: 'Mark', RequesterSipUri: '' }, ucc, 400],
    ['9', { Action: 'Start' }, ucc, 409],
    ['10', { Action: 'Pause', UCCName: later }, later, 409],
  ])('command, message %s', async (_, members, call, mapped) => {
    const { status } = await bench.set({ CorrelationId: calls[call], ...members });
    expect(status).toBe(expected(mapped));
  });

  test.each([
    ['success', ucc, 200],
    ['11', 'nobody', 404],
  ])('capabilities, message %s', async (_, uccName, mapped) => {
    const { status } = await bench.get(`${base}/capabilities/${uccName}`);
    expect(status).toBe(expected(mapped));
  });

  test('ErrorType 3: one plain sentence; the gate stays shut; a retry is legal', async () => {
    const id = await bench.call();
    const database = new DatabaseSync(join(bench.hush.dataDir, 'hush.sqlite'));
    // Hush may be in the middle of a commit of its own.
    database.exec('PRAGMA busy_timeout = 5000');
    database.exec('ALTER TABLE "UCC_CallDetail" RENAME TO "elsewhere"');
    const failed = await bench.set({ Action: 'Pause', CorrelationId: id });
    database.exec('ALTER TABLE "elsewhere" RENAME TO "UCC_CallDetail"');
    database.close();
    const sentence = 'The command could not be processed, please try again.';
    expect(failed.text).toBe(errorText(id, [3, sentence]));
    expect(failed.status).toBe(expected(503));
    expect((await bench.state(ucc, id)).text).toBe(stateText(id, [3, 0, 0]));
    const retried = await bench.set({ Action: 'Pause', CorrelationId: id });
    expect(retried).toMatchObject({ status: 200, text: stateText(id, [3, 0, 0]) });
  });
});

describe('errors of HTTP itself have the shape of the contract', () => {
  let bench: ContractBench;
  const id = randomUUID();
  const json = { 'Content-Type': 'application/json' };
  const notJson = 'The request body is not valid JSON.';
  const mustBeJson = 'The request body must be JSON.';

  beforeAll(async () => {
    bench = await ContractBench.open((config) => ({
      ...config,
      http: { ...config.http, bodyLimitBytes: 1_024 },
    }));
  });
  afterAll(() => bench.close());

  test.each<[number, string, string, RawRequest]>([
    [400, 'half a body', notJson, { headers: json, body: '{"Action":' }],
    [400, 'an empty body', notJson, { headers: json, body: '' }],
    [400, 'no body', notJson, {}],
    [400, 'an array', notJson, { headers: json, body: '[{"Action":1}]' }],
    [400, 'a text', notJson, { headers: json, body: '"Pause"' }],
    [400, 'null', notJson, { headers: json, body: 'null' }],
    [400, 'a prototype', notJson, { headers: json, body: '{"__proto__":{"Action":1}}' }],
    [
      413,
      'too large',
      'The request body is too large.',
      { headers: json, body: `{"a":"${'x'.repeat(2_000)}"}` },
    ],
    [415, 'no type', mustBeJson, { body: '{"Action":1}' }],
    [415, 'text', mustBeJson, { headers: { 'Content-Type': 'text/plain' }, body: '{"Action":1}' }],
    [
      415,
      'a form',
      mustBeJson,
      { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'Action=1' },
    ],
    [415, 'XML', mustBeJson, { headers: { 'Content-Type': 'application/xml' }, body: '<a/>' }],
    [415, 'no type at all', mustBeJson, { headers: { 'Content-Type': '' }, body: '{"Action":1}' }],
  ])('%i: %s', async (status, _, message, request) => {
    const answer = await bench.get(set, { method: 'POST', ...request });
    expect(answer).toMatchObject({ status, text: errorText(null, [2, message], null) });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  });

  test('a charset does not change the type', async () => {
    const headers = { 'Content-Type': 'application/json; charset=utf-8' };
    const answer = await bench.get(set, { method: 'POST', headers, body: '{"UCCName":"x"}' });
    expect(answer.status).toBe(200);
  });

  const notAllowed = 'The method is not allowed here.';
  test.each([
    ['GET', set, 'POST'],
    ['DELETE', set, 'POST'],
    ['PUT', set.toUpperCase(), 'POST'],
  ])('405: %s %s', async (method, path, allow) => {
    const answer = await bench.get(path, { method });
    expect(answer).toMatchObject({ status: 405, text: errorText(null, [2, notAllowed], null) });
    expect(answer.headers.allow).toBe(allow);
  });

  test('405 on a state route echoes the names in its path', async () => {
    const path = `${base}/${ucc}/${id.toUpperCase()}`;
    const answer = await bench.get(path, { method: 'POST', headers: json, body: '{' });
    expect(answer).toMatchObject({ status: 405, text: errorText(id, [2, notAllowed]) });
    expect(answer.headers.allow).toBe('GET, HEAD');
  });

  test('405 on the capabilities route has its shape', async () => {
    const answer = await bench.get(`${base}/capabilities/${ucc}`, { method: 'DELETE' });
    expect(answer.status).toBe(405);
    expect(answer.text).toBe(
      `{"AgentCanEditRecordings":false,"ErrorMessage":{"ErrorType":2,"Message":"${notAllowed}"},` +
        `"UCCName":"${ucc}"}`,
    );
  });

  test.each([
    [400, `${base}/%zz/${id}`, 'The address of the request cannot be read.'],
    [414, `${base}/${'x'.repeat(600)}/${id}`, 'The address of the request is too long.'],
  ])('%i for an address that reaches no route', async (status, path, message) => {
    const answer = await bench.get(path);
    expect(answer).toMatchObject({ status, text: errorText(null, [2, message], null) });
  });

  test('are the same in mapped mode; a path without a route is a problem', async () => {
    const answer = await bench.get('/attendantservice/api/other');
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });
});
