import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ucc } from '../../support/hush/hush.ts';
import {
  base,
  ContractBench,
  errorText,
  locked,
  off,
  offAndLocked,
  postJson,
  set,
  stateText,
} from './contract-support.ts';

let bench: ContractBench;
let correlationId: string;

beforeAll(async () => {
  bench = await ContractBench.open();
  correlationId = await bench.call();
});
afterAll(() => bench.close());

const cases = [
  (path: string) => path,
  (path: string) => path.toUpperCase(),
  (path: string) => path.replace('attendantservice', 'AttendantService').replace('/set', '/Set'),
];

describe('paths match without regard to case', () => {
  test.each(cases)('state: %s', async (spell) => {
    const answer = await bench.get(`${spell(base)}/${ucc}/${correlationId}`);
    expect(answer).toMatchObject({ status: 200, text: stateText(correlationId, [1, 0, 0]) });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test.each(cases)('command: %s', async (spell) => {
    const body = { Action: 'Stop', CorrelationId: correlationId, UCCName: 'nobody' };
    const answer = await postJson(bench.hush.api, spell(set), body);
    const unknown = [2, 'Ucc name (nobody) was not recognized'] as const;
    expect(answer).toMatchObject({
      status: 200,
      text: errorText(correlationId, unknown, 'nobody'),
    });
  });

  test.each(cases)('capabilities: %s', async (spell) => {
    const answer = await bench.get(`${spell(`${base}/capabilities`)}/${ucc}`);
    const text = `{"AgentCanEditRecordings":true,"ErrorMessage":null,"UCCName":"${ucc}"}`;
    expect(answer).toMatchObject({ status: 200, text });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

test('capabilities wins over a UCC of that name', async () => {
  const headers = { 'Content-Type': 'application/json' };
  await bench.get('/api/uccs/capabilities', { method: 'PUT', headers, body: '{}' });
  const known = await bench.get(`${base}/capabilities/capabilities`);
  expect(known.text).toBe(
    '{"AgentCanEditRecordings":false,"ErrorMessage":null,"UCCName":"capabilities"}',
  );
  const id = randomUUID();
  const asState = await bench.get(`${base}/Capabilities/${id}`);
  expect(asState.text).toBe(
    `{"AgentCanEditRecordings":false,"ErrorMessage":{"ErrorType":2,` +
      `"Message":"Ucc with name:'${id}' not found."},"UCCName":"${id}"}`,
  );
});

describe('capabilities combine permission and recording', () => {
  test.each([
    [ucc, true],
    [ucc.toUpperCase(), true],
    [locked, false],
    [off, false],
    [offAndLocked, false],
  ])('%s: %s', async (uccName, may) => {
    const { status, text } = await bench.get(`${base}/capabilities/${uccName}`);
    const expected = `{"AgentCanEditRecordings":${may},"ErrorMessage":null,"UCCName":"${uccName}"}`;
    expect({ status, text }).toEqual({ status: 200, text: expected });
  });

  test.each([
    ['nobody', 'nobody'],
    ['No%20Body', 'No Body'],
    ["%22'%7Bx%7D", `"'{x}`],
    ['caf%C3%A9$&', 'café$&'],
  ])('an unknown UCC is answered with message 11: %s', async (path, uccName) => {
    const { status, text } = await bench.get(`${base}/capabilities/${path}`);
    const message = JSON.stringify(`Ucc with name:'${uccName}' not found.`);
    expect(status).toBe(200);
    expect(text).toBe(
      `{"AgentCanEditRecordings":false,"ErrorMessage":{"ErrorType":2,"Message":${message}},` +
        `"UCCName":${JSON.stringify(uccName)}}`,
    );
  });
});
