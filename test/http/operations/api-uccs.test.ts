import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, supervisor, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench, problem, problemOf } from '../api-support.ts';

let bench: ApiBench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const defaults = {
  useAudioRecording: false,
  agentCanEditAudioRecording: false,
  saveRecordingByDefault: true,
  recordFromStart: true,
  onPauseExpiry: 'keep',
  maxPauseMs: 900_000,
  pauseLookbackMs: 0,
  suppressDtmf: true,
  retentionDays: 0,
  retentionSparesMarked: true,
  agents: [],
  supervisors: [],
};

function send(method: string, name: string, body: unknown): Promise<Response> {
  return fetch(`${bench.hush.api}/api/uccs/${name}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

describe('GET /api/uccs', () => {
  test('returns a UCC, in any case', async () => {
    const expected = {
      ...defaults,
      name: ucc,
      useAudioRecording: true,
      agentCanEditAudioRecording: true,
      agents: [agent],
      supervisors: [supervisor],
    };
    expect(await bench.hush.get(`/api/uccs/${ucc}`)).toEqual(expected);
    expect(await bench.hush.get(`/api/uccs/${ucc.toUpperCase()}`)).toEqual(expected);
  });

  test('lists all UCCs by name', async () => {
    await send('PUT', 'b-later', {});
    await send('PUT', 'a-first', {});
    const { items } = await bench.hush.get('/api/uccs');
    const names = items.map(({ name }: { name: string }) => name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(expect.arrayContaining(['a-first', 'b-later', ucc]));
  });

  test('answers 404 for an unknown UCC', async () => {
    const expected = problem(404, 'Not found', 'No such UCC.');
    expect(await problemOf(await fetch(`${bench.hush.api}/api/uccs/nobody`))).toEqual(expected);
    expect(await problemOf(await send('PATCH', 'nobody', {}))).toEqual(expected);
  });
});

describe('PUT /api/uccs/{name}', () => {
  test('creates with defaults, in lower case', async () => {
    const response = await send('PUT', 'Sales.Team-1', { useAudioRecording: true });
    expect(response.status).toBe(200);
    const expected = { ...defaults, name: 'sales.team-1', useAudioRecording: true };
    expect(await response.json()).toEqual(expected);
    expect(await bench.hush.get('/api/uccs/sales.team-1')).toEqual(expected);
  });

  test('replaces all settings', async () => {
    await send('PUT', 'replaced', { recordFromStart: false, agents: [agent] });
    await send('PUT', 'REPLACED', { saveRecordingByDefault: false, reason: 'policy' });
    const expected = { ...defaults, name: 'replaced', saveRecordingByDefault: false };
    expect(await bench.hush.get('/api/uccs/replaced')).toEqual(expected);
  });
});

describe('PATCH /api/uccs/{name}', () => {
  test('changes only the given settings', async () => {
    await send('PUT', 'patched', { agents: [agent], recordFromStart: false });
    const response = await send('PATCH', 'Patched', { useAudioRecording: true });
    const expected = {
      ...defaults,
      name: 'patched',
      useAudioRecording: true,
      agents: [agent],
      recordFromStart: false,
    };
    expect(await response.json()).toEqual(expected);
    expect(await bench.hush.get('/api/uccs/patched')).toEqual(expected);
    await send('PATCH', 'patched', {});
    expect(await bench.hush.get('/api/uccs/patched')).toEqual(expected);
  });

  test('members are listed once, trimmed', async () => {
    const agents = [agent, ` ${agent} `, agent.toUpperCase(), 'tel:+31880001122'];
    const response = await send('PUT', 'members', { agents });
    expect(await response.json()).toMatchObject({
      agents: [agent.toUpperCase(), 'tel:+31880001122'],
    });
  });

  test('UseAudioRecording off stops a live call before the answer', async () => {
    await send('PUT', 'stopping', { useAudioRecording: true, agentCanEditAudioRecording: true });
    const placed = await bench.caller.call(bench.hush, { uccName: 'stopping' });
    const { correlationId } = placed;
    await placed.frames(5);
    await send('PATCH', 'stopping', { useAudioRecording: false });
    const stopped = bench.hush.events.filter((event) => event.correlationId === correlationId);
    expect(stopped.at(-1)).toMatchObject({ type: 'recordingStateChanged', recordingState: 2 });
    const { recordingState } = await bench.hush.get(`/api/calls/${correlationId}`);
    expect(recordingState).toBe('Stopped');
    const path = `/attendantservice/api/recording/stopping/${correlationId}`;
    expect((await bench.hush.get(path)).ErrorMessage.Message).toBe(
      'Recorder was not available, command could not be executed',
    );
    await placed.frames((placed.streams[0]?.sent.length ?? 0) + 5);
    await placed.call.end();
    const { callId } = await bench.hush.settled(correlationId);
    const recording = await bench.hush.get(`/api/recordings/${callId}`);
    for (const { gaps } of recording.tracks) {
      expect(gaps.map(({ reason }: { reason: string }) => reason)).toEqual(['stop']);
    }
  });

  test('after UseAudioRecording is on again, the call may be started again', async () => {
    await send('PUT', 'again', {
      useAudioRecording: true,
      agentCanEditAudioRecording: true,
      agents: [agent],
    });
    const { correlationId, call } = await bench.caller.call(bench.hush, { uccName: 'again' });
    await send('PUT', 'again', { agentCanEditAudioRecording: true, agents: [agent] });
    await send('PATCH', 'again', { useAudioRecording: true });
    const answer = await bench.hush.command('Start', correlationId, { UCCName: 'again' });
    expect(answer).toMatchObject({ RecordingState: 1, ErrorMessage: null });
    await call.end();
  });
});

describe('bad input is answered 400 and changes nothing', () => {
  const bodies: readonly [string, unknown, string][] = [
    ['a setting misspelt', { useAudioRecordng: false }, 'body must not have additional properties'],
    [
      'a text for a truth',
      { useAudioRecording: 'false' },
      'body/useAudioRecording must be boolean',
    ],
    ['a number for a truth', { useAudioRecording: 0 }, 'body/useAudioRecording must be boolean'],
    ['null', { useAudioRecording: null }, 'body/useAudioRecording must be boolean'],
    ['a text for a list', { agents: agent }, 'body/agents must be array'],
    ['a number in a list', { agents: [5] }, 'body/agents/0 must be string'],
    ['no URI', { agents: [agent, 'agent'] }, 'agent is no SIP or tel URI.'],
    ['no URI of a supervisor', { supervisors: [''] }, ' is no SIP or tel URI.'],
    ['an array', [], 'body must be object'],
    ['a name in the body', { name: 'x' }, 'body must not have additional properties'],
  ];
  const tables = ['PUT', 'PATCH'].flatMap((method) =>
    bodies.map(([what, body, detail]) => ({ method, what, body, detail })),
  );

  test.each(tables)('$method: $what', async ({ method, body, detail }) => {
    const before = await bench.hush.get('/api/uccs');
    const response = await send(method, ucc, body);
    expect(await problemOf(response)).toEqual(problem(400, 'Bad request', detail));
    expect(await bench.hush.get('/api/uccs')).toEqual(before);
  });

  test.each(['PUT', 'PATCH'])('%s: one wrong setting refuses all', async (method) => {
    const response = await send(method, ucc, { recordFromStart: false, agents: 5 });
    expect(response.status).toBe(400);
    expect(await bench.hush.get(`/api/uccs/${ucc}`)).toMatchObject({ recordFromStart: true });
  });

  test.each(['a%20b', '-a', 'x'.repeat(65), '%C3%A9', 'a%2Fb'])('the name %s', async (name) => {
    // `fetch` itself would resolve `.` away.
    const response = await send('PUT', name === '.' ? '%2E%2Fx' : name, {});
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  });

  test('invalid JSON', async () => {
    expect((await send('PUT', ucc, '{"agents":')).status).toBe(400);
    const text = { method: 'PATCH', headers: { 'Content-Type': 'text/plain' }, body: '{}' };
    const response = await fetch(`${bench.hush.api}/api/uccs/${ucc}`, text);
    expect(await problemOf(response)).toEqual(problem(415, 'Unsupported media type'));
    const large = await send('PATCH', ucc, { agents: ['x'.repeat(70_000)] });
    expect(await problemOf(large)).toEqual(problem(413, 'Request body too large'));
  });
});
