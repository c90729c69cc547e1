import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AuditLog } from '../../../src/domain/access/audit-log.ts';
import type { AuditRecord } from '../../../src/domain/model/audit-record.ts';
import { auditCsv, cell } from '../../../src/http/operations/audit-csv.ts';
import { auditAll, none } from '../../../src/http/request/audit.ts';
import { agent, TestHush, ucc } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

let bench: ApiBench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

function ask(method: string, path: string, body?: object): Promise<Response> {
  return fetch(bench.hush.api + path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
}

async function rowsOf(query: string) {
  return (await bench.hush.get(`/api/audit-log?${query}`)).items;
}

describe('changes of the settings of a UCC', () => {
  test('are audited with their values', async () => {
    await ask('PATCH', `/api/uccs/${ucc}`, { agents: [agent, 'sip:eva@x'], maxPauseMs: 5 });
    const [row] = await rowsOf(`action=ucc change ${ucc}`);
    expect(row).toMatchObject({
      who: 'anonymous',
      surface: 'api',
      uccName: ucc,
      outcome: 'ok',
      reason: null,
      before: { agents: [], maxPauseMs: 900_000 },
      after: { agents: ['sip:eva@x'], maxPauseMs: 5 },
    });
  });

  const stricter = [
    [{ retentionDays: 30 }, { retentionDays: 29 }],
    [{ retentionDays: 0 }, { retentionDays: 36_000 }],
    [{ retentionDays: 30 }, { retentionSparesMarked: false }],
    [{ saveRecordingByDefault: true }, { saveRecordingByDefault: false }],
  ] as const;
  test.each(stricter)('from %j to %j need a reason', async (before, after) => {
    const path = '/api/uccs/stricter';
    await ask('PUT', path, { ...before, reason: 'to begin with' });
    for (const method of ['PATCH', 'PUT']) {
      expect((await ask(method, path, { ...before, ...after })).status, method).toBe(400);
    }
    for (const reason of reasonsOfNothing) {
      expect((await ask('PATCH', path, { ...after, reason })).status).toBe(400);
    }
    expect((await ask('PATCH', path, { ...after, reason: 'x'.repeat(501) })).status).toBe(400);
    expect(await bench.hush.get(path)).toMatchObject({ retentionSparesMarked: true, ...before });
    expect((await ask('PATCH', path, { ...after, reason: 'policy 7' })).status).toBe(200);
    const [row] = await rowsOf('action=ucc change stricter');
    expect(row).toMatchObject({ reason: 'policy 7', after });
    expect(await bench.hush.get(path)).not.toHaveProperty('reason');
  });

  test('that extend retention need no reason', async () => {
    const path = '/api/uccs/longer';
    expect((await ask('PUT', path, { retentionDays: 30 })).status).toBe(200);
    expect((await ask('PATCH', path, { retentionDays: 31 })).status).toBe(200);
    expect((await ask('PATCH', path, { retentionDays: 0 })).status).toBe(200);
  });

  test('that record less, or save by default again, need no reason', async () => {
    const path = '/api/uccs/less';
    const before = { useAudioRecording: true, saveRecordingByDefault: false };
    expect((await ask('PUT', path, before)).status).toBe(200);
    const after = [
      { saveRecordingByDefault: true },
      { useAudioRecording: false },
      { recordFromStart: false },
      { pauseLookbackMs: 5_000 },
    ];
    for (const settings of after) {
      expect((await ask('PATCH', path, settings)).status).toBe(200);
    }
  });
});

/** Blanks, controls, format characters, and fillers that count as letters or symbols. */
const reasonsOfNothing = ['', '   ', '\u200b', '\t\n', '\u00a0\u2060 \ufeff', '\u3164', '\u2800'];

test('releasing a legal hold needs a reason, in the body or in the query', async () => {
  const { id } = await record(bench);
  const path = `/api/recordings/${id}/legal-hold`;
  for (const release of [
    () => ask('DELETE', path, { reason: 'closed' }),
    () => ask('DELETE', `${path}?reason=closed`),
  ]) {
    expect((await ask('PUT', path, { reason: 'case 7' })).status).toBe(200);
    expect((await ask('DELETE', path)).status).toBe(400);
    for (const reason of reasonsOfNothing) {
      expect((await ask('DELETE', path, { reason })).status).toBe(400);
      const inQuery = `${path}?reason=${encodeURIComponent(reason)}`;
      expect((await ask('DELETE', inQuery)).status).toBe(400);
    }
    expect((await release()).status).toBe(200);
    const [row] = await rowsOf(`recording=${id}`);
    expect(row).toMatchObject({
      action: 'legalHoldRelease',
      reason: 'closed',
      after: { legalHold: null },
      before: { legalHold: { reason: 'case 7', owner: 'anonymous' } },
    });
  }
});

test('a legal hold and an erasure need a meaningful reason', async () => {
  const { id } = await record(bench);
  const path = `/api/recordings/${id}`;
  for (const reason of reasonsOfNothing) {
    expect((await ask('PUT', `${path}/legal-hold`, { reason })).status).toBe(400);
    expect((await ask('POST', `${path}/erasures`, { reason, whole: true })).status).toBe(400);
  }
  expect(await bench.hush.get(path)).toMatchObject({ status: 'kept', legalHold: null });
  await ask('PUT', `${path}/legal-hold`, { reason: ' \u200bcase\u00a0 7\n' });
  expect((await bench.hush.get(path)).legalHold.reason).toBe('case 7');
  const [row] = await rowsOf(`recording=${id}&action=legalHold`);
  expect(row.reason).toBe('case 7');
});

test('a new secret of a webhook is audited without its value', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const url = 'http://127.0.0.1:1/hook?key=topsecret';
  await ask('PUT', '/api/webhooks/crm', { url, secret });
  await ask('PUT', '/api/webhooks/crm', { url, enabled: false });
  await ask('DELETE', '/api/webhooks/crm');
  const rows = await rowsOf('limit=100');
  const [removed, disabled, added] = rows.filter(({ action }: { action: string }) =>
    action.startsWith('webhook'),
  );
  expect(added.after).toMatchObject({ secret: 'changed', urlQuery: 'changed', enabled: true });
  expect([disabled.before, disabled.after]).toEqual([{ enabled: true }, { enabled: false }]);
  expect(removed).toMatchObject({ action: 'webhook remove crm', after: null });
  expect(JSON.stringify(rows)).not.toMatch(/topsecret|whsec/);
});

test('rows of a call are found by its id and by its correlation id', async () => {
  const placed = await bench.caller.call(bench.hush);
  await bench.hush.command('Mark', placed.correlationId);
  await bench.hush.command('Mark', placed.correlationId, { RequesterSipUri: 'sip:no@x' });
  const byCorrelation = await rowsOf(`call=${placed.correlationId.toUpperCase()}`);
  expect(byCorrelation).toMatchObject([
    { action: 'Mark', outcome: 'refused', requester: 'sip:no@x', callId: null },
    { action: 'Mark', outcome: 'ok', requester: agent },
  ]);
  expect(await rowsOf(`call=${byCorrelation[1].callId}&action=Mark`)).toHaveLength(1);
  await placed.call.end();
});

test('a flood of refused commands leaves twenty rows, and one that counts the others', async () => {
  const hush = await TestHush.start();
  const sent = Array.from({ length: 500 }, () => hush.command('Pause', 'none'));
  expect((await Promise.all(sent)).every(({ ErrorMessage }) => ErrorMessage !== null)).toBe(true);
  const path = '/api/audit-log?outcome=refused&limit=100';
  expect((await hush.get(path)).items).toHaveLength(20);
  const { dataDir } = hush;
  await hush.stop();
  const again = await TestHush.start({ dataDir });
  const { items } = await again.get(path);
  const counts = items.map(({ count }: { count: number }) => count);
  expect([counts.length, counts[0]]).toEqual([21, 480]);
  expect(items[0]).toMatchObject({ action: 'Pause', reason: 'callUnknown', requester: agent });
  await again.remove();
});

describe('the audit log as CSV', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+31880000000', "'+31880000000"],
    ['-2', "'-2"],
    ['@sum(a1)', "'@sum(a1)"],
    ['\tx', "'\tx"],
    ['\rx', '"\'\rx"'],
    ['=a,"b"', '"\'=a,""b"""'],
    ['a=b', 'a=b'],
    [' =1', "' =1"],
    ['\u00a0\u200b=1', "'\u00a0\u200b=1"],
    ['＝1', "'＝1"],
    ['　＋1', "'　＋1"],
    ['－1', "'－1"],
    ['＠a', "'＠a"],
    ['\n=1', '"\'\n=1"'],
    [' a=1', ' a=1'],
    ['two\nlines', '"two\nlines"'],
  ])('writes %j as the cell %j', (text, shown) => {
    expect(cell(text)).toBe(shown);
  });

  test.each([
    ['?format=csv', {}],
    ['', { Accept: 'text/html, text/csv;q=0.9' }],
  ])('is complete when requested by %j %j', async (query, headers) => {
    await bench.hush.command('=HYPERLINK("http://x")', 'none', { UCCName: '=1+1,"' });
    const response = await fetch(`${bench.hush.api}/api/audit-log${query}`, { headers });
    expect(response.headers.get('content-type')).toContain('text/csv');
    expect(response.headers.get('content-disposition')).toContain('audit-log.csv');
    const lines = (await response.text()).split('\r\n');
    expect(lines[0]).toBe(
      'id,at,who,client,address,surface,requester,action,uccName,correlationId,callId,outcome,reason,count,before,after',
    );
    expect(lines.find((line) => line.includes('1+1'))).toContain(`"'=1+1,"""`);
    const [row] = await rowsOf('action=export');
    expect(row.after).toEqual({ format: 'csv', of: 'audit log' });
    const json = await rowsOf('limit=500');
    expect(Math.abs(lines.length - 2 - json.length)).toBeLessThanOrEqual(2);
  });

  longTest('holds one page at a time in memory, however many there are', async () => {
    let asked = 0;
    const row = { id: 'x', at: 0, who: 'x', count: 1 } as AuditRecord;
    const pages = auditCsv(async ({ limit }) => {
      asked += 1;
      return Array.from({ length: asked < 2_001 ? limit : 0 }, () => row);
    }, undefined);
    const before = process.memoryUsage().heapUsed;
    let lines = 0;
    for await (const text of pages) {
      expect(asked).toBeLessThanOrEqual(2_001);
      lines += text.split('\r\n').length - 1;
    }
    expect(lines).toBe(1_000_001);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  });
});

test('the old name of the audit log is gone', async () => {
  expect((await ask('GET', '/api/access-trail')).status).toBe(404);
});

test('a route without an audit class does not start', async () => {
  const app = Fastify();
  const log = new AuditLog({ store: { commit: async () => {} }, clock: Date, onError: () => {} });
  auditAll(app, log, () => {});
  const said = { config: { access: 'open', audit: none('nothing') } } as const;
  app.get('/said', said, async () => '');
  const forgotten = { config: { access: 'open' } } as const;
  expect(() => app.get('/forgotten', forgotten, async () => '')).toThrow('on record');
  await app.close();
});
