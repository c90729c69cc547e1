import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { supervisor, ucc } from '../../support/hush/hush.ts';
import { ContractBench, discarding, errorText, later, stateText } from './contract-support.ts';

let bench: ContractBench;

beforeAll(async () => {
  bench = await ContractBench.open();
});
afterAll(() => bench.close());

type Row = Record<string, unknown>;

/** Reads committed rows beside the running server. */
function rows(sql: string, ...values: string[]): Row[] {
  const file = join(bench.hush.dataDir, 'hush.sqlite');
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}

const every = ['Pause', 'Start', 'Stop', 'Save', 'Delete', 'Mark', 'UnMark'] as const;

describe('UCC_CallDetail', () => {
  test('has a row for every successful command, and none for a refused one', async () => {
    const id = await bench.call();
    const before = Date.now();
    for (const Action of every) await bench.set({ Action, CorrelationId: id });
    await bench.set({ Action: 'Mark', CorrelationId: id, RequesterSipUri: ` ${supervisor} ` });
    await bench.set({ Action: 'Pause', CorrelationId: id });
    await bench.set({ Action: 'Mark', CorrelationId: id, RequesterSipUri: 'sip:no@domain.com' });
    const found = rows(
      'SELECT * FROM "UCC_CallDetail" WHERE correlation_id = ? ORDER BY sequence',
      id,
    );
    const details = [...every, 'Mark'].map((action) => `RecorderSetTo${action}ByAgent`);
    expect(found.map(({ detail }) => detail)).toEqual(details);
    expect(found.map(({ action }) => action)).toEqual([3, 1, 2, 4, 5, 6, 7, 6]);
    expect(found.at(-1)).toMatchObject({ requester: supervisor, ucc_name: ucc });
    for (const row of found) {
      expect(Number(row.requested_at)).toBeGreaterThanOrEqual(before);
      expect(Number(row.effective_at)).toBeGreaterThanOrEqual(Number(row.requested_at));
    }
  });

  test('holds the receipts of the recording', async () => {
    const placed = await bench.caller.call(bench.hush);
    await placed.frames(5);
    for (const Action of ['Mark', 'Pause', 'Start']) {
      await bench.set({ Action, CorrelationId: placed.correlationId });
    }
    await placed.call.end();
    const { callId } = await bench.hush.settled(placed.correlationId);
    const { receipts } = await bench.hush.get(`/api/recordings/${callId}`);
    expect(receipts.map((receipt: Row) => [receipt.action, receipt.detail])).toEqual([
      ['Mark', 'RecorderSetToMarkByAgent'],
      ['Pause', 'RecorderSetToPauseByAgent'],
      ['Start', 'RecorderSetToStartByAgent'],
    ]);
    expect(receipts[1].streams).toHaveLength(2);
  });
});

describe('the last saving flag takes effect when the call ends', () => {
  test.each([
    [ucc, [], 'kept'],
    [ucc, ['Delete'], 'destroyed'],
    [ucc, ['Save'], 'kept'],
    [ucc, ['Delete', 'Save'], 'kept'],
    [ucc, ['Save', 'Delete'], 'destroyed'],
    [ucc, ['Delete', 'Stop'], 'destroyed'],
    [discarding, [], 'destroyed'],
    [discarding, ['Save'], 'kept'],
    [discarding, ['Save', 'Delete', 'Save'], 'kept'],
    [discarding, ['Delete'], 'destroyed'],
  ])('%s, %j: %s', async (uccName, actions, status) => {
    const placed = await bench.caller.call(bench.hush, { uccName });
    const { correlationId: id } = placed;
    await placed.frames(5);
    for (const Action of actions) await bench.set({ Action, CorrelationId: id, UCCName: uccName });
    const callId = (await bench.hush.get(`/api/calls/${id}`)).id;
    const folder = join(bench.hush.dataDir, 'recordings', callId);
    expect(existsSync(folder), 'nothing is carried out before').toBe(true);
    await placed.call.end();
    const event = await bench.hush.settled(id);
    expect(event.type).toBe(status === 'kept' ? 'recordingSaved' : 'recordingDestroyed');
    const keys = rows('SELECT wrapped_key FROM segments WHERE call_id = ?', callId);
    expect(keys.length).toBeGreaterThanOrEqual(2);
    expect(keys.every(({ wrapped_key }) => (wrapped_key !== null) === (status === 'kept'))).toBe(
      true,
    );
    expect(existsSync(folder)).toBe(status === 'kept');
    expect((await bench.hush.get(`/api/recordings/${callId}`)).status).toBe(status);
  });

  test('a call that was never Started leaves no recording', async () => {
    const placed = await bench.caller.call(bench.hush, { uccName: later });
    await placed.frames(5);
    await placed.call.end();
    const { callId } = await bench.hush.settled(placed.correlationId);
    expect(rows('SELECT status FROM calls WHERE id = ?', callId)).toEqual([{ status: 'empty' }]);
    expect(existsSync(join(bench.hush.dataDir, 'recordings', callId))).toBe(false);
  });

  test('a call is not found after its end', async () => {
    const placed = await bench.caller.call(bench.hush);
    const { correlationId: id } = placed;
    await placed.call.end();
    await bench.hush.settled(id);
    const message = `No Audio session with correlation Id:'${id}' was found.`;
    expect((await bench.state(ucc, id)).text).toBe(errorText(id, [2, message]));
    const command = await bench.set({ Action: 'Save', CorrelationId: id });
    expect(command.text).toBe(errorText(id, [2, message]));
  });
});

describe('settings are read at each command', () => {
  test('AgentCanEditAudioRecording', async () => {
    const id = await bench.call();
    await bench.patch(ucc, { agentCanEditAudioRecording: false });
    const refused = await bench.set({ Action: 'Pause', CorrelationId: id });
    const message = `Ucc with name:'${ucc}' AgentCanEditAudioRecording setting is disabled.`;
    expect(refused.text).toBe(errorText(id, [1, message]));
    expect((await bench.state(ucc, id)).text).toBe(stateText(id, [1, 0, 0]));
    await bench.patch(ucc, { agentCanEditAudioRecording: true });
    const allowed = await bench.set({ Action: 'Pause', CorrelationId: id });
    expect(allowed.text).toBe(stateText(id, [3, 0, 0]));
  });

  test('the members', async () => {
    const id = await bench.call();
    const requester = 'sip:new@domain.com';
    const command = { Action: 'Mark', CorrelationId: id, RequesterSipUri: requester };
    expect((await bench.set(command)).text).toMatch('"ErrorType":1');
    await bench.patch(ucc, { supervisors: [requester] });
    expect((await bench.set(command)).text).toBe(stateText(id, [1, 1, 0]));
    await bench.patch(ucc, { supervisors: [supervisor] });
    expect((await bench.set(command)).text).toMatch('"ErrorType":1');
  });
});

test('each successful command publishes its event once durable, in the order of effect', async () => {
  const calls = [await bench.call(), await bench.call(), await bench.call()];
  const durable: boolean[] = [];
  const from = bench.hush.events.length;
  let seen = from;
  // Looks at the moment of each event, before anything else runs.
  const stopWatching = bench.hush.event(() => {
    for (const { uccName, sequence } of bench.hush.events.slice(seen)) {
      const sql = 'SELECT 1 FROM events WHERE ucc_name = ? AND sequence = CAST(? AS INTEGER)';
      durable.push(rows(sql, uccName, String(sequence)).length === 1);
    }
    seen = bench.hush.events.length;
    return bench.hush.events.slice(from).some(({ type }) => type === 'callEnded');
  });
  const wanted = ['Pause', 'Mark', 'Start', 'Save', 'Stop', 'Start', 'Pause', 'Delete', 'UnMark'];
  const answers = await Promise.all(
    wanted.flatMap((Action) => calls.map((id) => bench.set({ Action, CorrelationId: id }))),
  );
  const events = bench.hush.events.slice(from);
  // Unique per UCC and gapless; in order per call, which is all that the contract requires.
  const sequences = events.map(({ sequence }) => sequence).sort((one, other) => one - other);
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
  for (const [index, id] of calls.entries()) {
    const answered = answers
      .filter(({ text }, at) => at % calls.length === index && text.includes('"ErrorMessage":null'))
      .map(({ text, headers }) => [Number(headers['hush-sequence']), text] as const)
      .sort(([one], [other]) => one - other);
    // Silent calls raise alarms when this test is slow.
    const published = events
      .filter(({ correlationId, type }) => correlationId === id && !type.startsWith('alarm'))
      .map(({ sequence, recordingState, markingState, savingState }) => {
        return [sequence, stateText(id, [recordingState, markingState, savingState])] as const;
      });
    const ofAnswered = published.filter(([sequence]) => answered.some(([one]) => one === sequence));
    expect(ofAnswered).toEqual(answered);
    // A Start whose gates a busy machine did not open in time is published, and taken back.
    const refused = wanted.length - answered.length;
    expect(published.length - ofAnswered.length).toBeLessThanOrEqual(2 * refused);
  }
  await bench.caller.close();
  await stopWatching;
  expect(durable.length).toBeGreaterThan(events.length);
  expect(durable.every(Boolean)).toBe(true);
});
