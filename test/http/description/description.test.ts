import { readFileSync } from 'node:fs';
import { Check } from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openApiFile } from '../../../scripts/write-openapi.ts';
import { LiftedSchemas } from '../../../src/http/description/lifted-schemas.ts';
import { agent, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}
interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, Answer>>;
}
const document = JSON.parse(readFileSync(openApiFile, 'utf8'));
const operations = Object.entries(
  document.paths as Record<string, Record<string, Operation>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
);

/** The same schema without references, which the checker does not follow across documents. */
function inlined(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(inlined);
  if (typeof part !== 'object' || part === null) return part;
  const { $ref } = part as { $ref?: string };
  if ($ref?.startsWith('#/')) return inlined(at($ref));
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, inlined(value)]));
}

function at(ref: string): unknown {
  const names = ref.slice(2).split('/');
  return names.reduce((part, name) => part[name], document);
}

function answersOf(operationId: string): Record<string, Answer> {
  const found = operations.find((operation) => operation.operationId === operationId);
  return inlined(found?.responses) as Record<string, Answer>;
}

describe('the description of the API', () => {
  test('names every operation, and no two alike', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids.length).toBeGreaterThan(60);
    expect(ids.filter((id) => !/^[a-z][A-Za-z0-9]+$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('says of every operation whom it lets in, and how it refuses', () => {
    const numbers = operations.map(({ operationId, security, responses }) => ({
      ...{ operationId, security: security !== undefined },
      refusals: Object.keys(responses).some((status) => status.startsWith('4')),
      isThrottled: responses[429] !== undefined,
    }));
    expect(numbers.filter((one) => !one.security || !one.refusals || !one.isThrottled)).toEqual([]);
    const open = operations.filter(({ security }) => security.length === 0);
    expect(open.map(({ operationId }) => operationId).sort()).toEqual([
      ...['getCapabilitiesV1', 'getHealth', 'getOpenIdConfiguration', 'getSignInWays'],
      ...['getSigningKeys', 'getStateV1', 'makeFirstAdmin', 'refreshSignIn', 'sendCommandV1'],
      'signIn',
    ]);
  });

  test('has the body of a problem once, and refers to it', () => {
    const text = JSON.stringify(document.paths);
    expect(text).not.toContain('application/problem+json');
    expect(text).toContain('#/components/responses/NotFound');
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Alarm', 'AuditRecord', 'Call', 'Erasure', 'Pauses', 'Problem']),
    );
  });

  test('names the numbers of the contract', () => {
    expect(document.components.schemas.RecordingStateNumber).toEqual({
      ...{ type: 'integer', enum: [0, 1, 2, 3] },
      'x-enum-varnames': ['Uninitialized', 'Started', 'Stopped', 'Paused'],
    });
  });
});

test('two schemas of one name are refused', () => {
  const text = { type: 'string', title: 'Name' };
  const lifted = new LiftedSchemas({});
  expect(lifted.lift([text, { ...text, description: 'Of a person' }])).toEqual([
    { $ref: '#/components/schemas/Name' },
    { $ref: '#/components/schemas/Name', description: 'Of a person' },
  ]);
  expect(() => lifted.lift({ type: 'integer', title: 'Name' })).toThrow(/two schemas/);
  expect(() => new LiftedSchemas({ Name: [1] }).schemas()).toThrow(/examples of Name/);
});

describe('what a running Hush answers is what is described', () => {
  let bench: ApiBench;
  let id: string;
  beforeAll(async () => {
    bench = await openBench();
    ({ id } = await record(bench, { commands: ['Pause', 'Start'] }));
    // Within the second of a change there is no Last-Modified (RFC 9110 section 8.8.2.1).
    const audio = `${bench.hush.api}/api/recordings/${id}/audio`;
    await vi.waitFor(async () => {
      const { headers } = await fetch(audio, { method: 'HEAD' });
      if (!headers.has('Last-Modified')) throw new Error('not dated yet');
    }, 5_000);
  });
  afterAll(() => bench.close());

  /** Holds status, media type and body of an answer against its description. */
  async function held(operationId: string, path: string, init: RequestInit = {}): Promise<number> {
    const response = await fetch(bench.hush.api + path, init);
    const answers = answersOf(operationId);
    const described = answers[response.status];
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const known = Object.keys(described?.content ?? {});
    expect(known, `${operationId} ${response.status}`).toContain(type);
    const schema = described?.content?.[type]?.schema ?? {};
    const text = await response.text();
    if (/json$/.test(type)) {
      expect(Check(schema, JSON.parse(text)), `${operationId}: ${text}`).toBe(true);
    }
    // An export has no entity tag.
    const headers = path.endsWith('opus') ? {} : (described?.headers ?? {});
    for (const name of Object.keys(headers)) {
      expect(response.headers.has(name), `${operationId}: ${name}`).toBe(true);
    }
    return response.status;
  }

  test.each([
    ...['listCalls /api/calls', 'listRecordings /api/recordings', 'listUccs /api/uccs'],
    ...['listAlarms /api/alarms', 'listAuditLog /api/audit-log', 'getCaller /api/me'],
    ...['listAuditLog /api/audit-log?format=csv', 'listWebhooks /api/webhooks'],
    ...['getHealth /api/health', 'getHealthDetails /api/health/details', 'getMetrics /metrics'],
    ...['getStorage /api/archive/storage', 'getRetention /api/archive/retention'],
    ...['getDailySummary /api/assurance/daily', 'getSignInWays /api/sign-in'],
    ...['getRecording /api/recordings/ID', 'listErasures /api/recordings/ID/erasures'],
    ...['getRecordingAudio /api/recordings/ID/audio', 'listReceipts /api/calls/ID/receipts'],
    ...['getRecordingAudio /api/recordings/ID/audio?format=opus'],
    ...['getRecordingVcon /api/recordings/ID/vcon', 'getRecordingPeaks /api/recordings/ID/peaks'],
    ...['getRecordingSidecar /api/recordings/ID/sidecar', 'getCallHealth /api/calls/ID/health'],
    'listCallEvents /api/calls/ID/events',
    `getCapabilitiesV1 /attendantservice/api/recording/capabilities/${ucc}`,
  ])('%s: 200', async (asked) => {
    const [operationId = '', path = ''] = asked.replace('ID', id).split(' ');
    expect(await held(operationId, path)).toBe(200);
  });

  test('a command, and refusals of all kinds', async () => {
    const command = { Action: 'Pause', RequesterSipUri: agent, CorrelationId: id, UCCName: ucc };
    const json = { 'Content-Type': 'application/json' };
    const set = '/attendantservice/api/recording/set';
    const v2 = '/attendantservice/api/v2/recording/set';
    const body = JSON.stringify(command);
    const post = { method: 'POST', headers: json, body };
    expect(await held('sendCommandV1', set, { ...post, body: 'no JSON' })).toBe(400);
    expect(await held('sendCommand', v2, post)).toBe(401);
    expect(await held('listCalls', '/api/calls?agnt=eva')).toBe(400);
    expect(await held('getRecording', `/api/recordings/${agent}`)).toBe(404);
    expect(await held('saveUcc', '/api/uccs/a', { ...post, method: 'PUT', body: '7' })).toBe(400);
    const text = { method: 'PUT', headers: { 'Content-Type': 'text/plain' }, body: 'x' };
    expect(await held('saveUcc', '/api/uccs/a', text)).toBe(415);
    const large = { ...post, method: 'PUT', body: `"${'x'.repeat(2_000_000)}"` };
    expect(await held('saveUcc', '/api/uccs/a', large)).toBe(413);
    const stranger = { ...post, headers: { ...json, Origin: 'https://example.com' } };
    expect(await held('startArchiveCheck', '/api/archive/check', stranger)).toBe(403);
    const range = { headers: { Range: 'bytes=99999999-' } };
    expect(await held('getRecordingAudio', `/api/recordings/${id}/audio`, range)).toBe(416);
    const begin = { headers: { Range: 'bytes=0-9' } };
    expect(await held('getRecordingAudio', `/api/recordings/${id}/audio`, begin)).toBe(206);
    const token = { headers: { Authorization: 'Bearer none' } };
    expect(await held('getCaller', '/api/me', token)).toBe(401);
  });
});
