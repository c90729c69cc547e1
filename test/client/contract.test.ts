import { randomUUID } from 'node:crypto';
import * as signalR from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHush, type Hush } from '../../client/src/hush.ts';
import { HushRequestError, orThrow } from '../../client/src/result.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { agent, TestHush, temporaryFolder, ucc } from '../support/hush/hush.ts';
import { addDemoPeople, fetchToken, tenantId } from '../support/people.ts';
import { FaultyProxy } from './faulty-proxy.ts';

let bench: ApiBench;
let hush: Hush;
beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
  hush = createHush({ url: `${bench.hush.api}/` });
});
afterAll(() => bench.close());

describe('the contract client', () => {
  test('sends every command, and returns the state after it', async () => {
    const { correlationId, call, frames } = await bench.caller.call(bench.hush);
    await frames(3);
    const command = { uccName: ucc, correlationId: correlationId.toUpperCase(), requester: agent };
    const { contract } = hush;
    const expected = { recordingState: 'Started', markingState: 'None', savingState: 'None' };
    expect(orThrow(await contract.state(command))).toEqual({
      uccName: ucc,
      correlationId,
      ...expected,
    });
    const paused = orThrow(await contract.pause(command));
    expect(paused).toMatchObject({ ...expected, recordingState: 'Paused' });
    expect(paused.sequence).toBeGreaterThan(0);
    expect(Date.parse(paused.effectiveAt ?? '')).toBeGreaterThan(0);
    expect(orThrow(await contract.start(command)).recordingState).toBe('Started');
    expect(orThrow(await contract.mark(command)).markingState).toBe('Mark');
    expect(orThrow(await contract.unMark(command)).markingState).toBe('Unmark');
    expect(orThrow(await contract.delete(command)).savingState).toBe('Delete');
    expect(orThrow(await contract.save(command)).savingState).toBe('Save');
    expect(orThrow(await contract.stop(command)).recordingState).toBe('Stopped');
    expect(orThrow(await contract.capabilities(ucc))).toBe(true);
    await call.end();
  });

  test('returns refusals as errors that tell whose fault it is', async () => {
    const unknown = { uccName: ucc, correlationId: randomUUID(), requester: agent };
    expect(await hush.contract.pause(unknown)).toEqual({
      ok: false,
      error: {
        kind: 'contract',
        errorType: 'validation',
        retryable: false,
        message: expect.stringContaining('No Audio session with correlation Id'),
      },
    });
    expect(await hush.contract.state({ ...unknown, uccName: 'nobody' })).toMatchObject({
      error: { kind: 'contract', message: 'Ucc name (nobody) was not recognized' },
    });
    expect(() =>
      orThrow({ ok: false, error: { kind: 'network', message: 'x', retryable: true } }),
    ).toThrow(HushRequestError);
  });

  test('uses v2 with a token, which it requests each time', async () => {
    const dataDir = temporaryFolder();
    const people = await addDemoPeople(dataDir);
    const server = await TestHush.start({
      dataDir,
      config: (config) => ({
        ...config,
        auth: { ...config.auth, mode: 'embedded', tenantId, anonymous: false },
      }),
    });
    let asked = 0;
    const token = async (): Promise<string> => {
      asked += 1;
      return fetchToken(server.api, people.integrator);
    };
    const client = createHush({ url: server.api, token });
    expect(await client.contract.capabilities(ucc)).toEqual({ ok: true, value: true });
    expect(await client.calls.list()).toEqual({ ok: true, value: [] });
    expect(asked).toBe(2);
    const without = createHush({ url: server.api });
    expect(await without.calls.list()).toMatchObject({ error: { kind: 'http', status: 401 } });
    const wrong = createHush({ url: server.api, token: 'secret-token' });
    const refused = await wrong.contract.capabilities(ucc);
    expect(refused.ok).toBe(false);
    expect(JSON.stringify(refused)).not.toContain('secret-token');
    const stop = await client.hubEvents(signalR, () => undefined);
    await stop();
    await server.remove();
  });
});

describe('the Hush API client', () => {
  test('works with calls, recordings, erasures and holds', async () => {
    const { id, correlationId } = await record(bench, { frames: 30, commands: ['Mark'] });
    const { recordings } = hush;
    const found: string[] = [];
    for await (const one of recordings.list({ marked: true, limit: 1 })) found.push(one.id);
    expect(found).toContain(id);
    expect(orThrow(await recordings.page({ correlationId })).items).toHaveLength(1);
    const detail = orThrow(await recordings.get(id));
    expect([detail.status, detail.tracks.length]).toEqual(['kept', 2]);
    const wav = orThrow(await recordings.audio(id, { range: { start: 0, end: 4 } }));
    expect(await wav.text()).toBe('RIFF');
    const peaks = orThrow(await recordings.peaks(id, 10));
    expect(peaks.channels.map(({ min }) => min.length <= 10)).toEqual([true, true]);
    const sidecar = orThrow(await recordings.sidecar(id));
    expect(sidecar.marks).toMatchObject([{ action: 'Mark', requester: agent }]);
    const vcon = (await orThrow(await recordings.audio(id, { format: 'vcon' })).json()) as {
      vcon: string;
      dialog: { body: string; mediatype: string }[];
    };
    expect([vcon.vcon, vcon.dialog[0]?.mediatype]).toEqual(['0.4.0', 'audio/ogg']);
    const file = Buffer.from(vcon.dialog[0]?.body ?? '', 'base64url');
    expect(file.subarray(0, 4).toString()).toBe('OggS');
    expect(orThrow(await recordings.placeLegalHold(id, 'case')).legalHold?.reason).toBe('case');
    expect(await recordings.erase(id, { reason: 'x', whole: true })).toMatchObject({
      error: { kind: 'http', status: 409, message: 'The recording is under legal hold.' },
    });
    expect(orThrow(await recordings.releaseLegalHold(id, 'case closed')).legalHold).toBeNull();
    expect(orThrow(await recordings.erase(id, { reason: 'x', whole: true })).state).toBe('done');
    expect(orThrow(await recordings.erasures(id))).toHaveLength(1);
    expect(await recordings.audio(id)).toMatchObject({ error: { status: 410 } });
    expect(orThrow(await hush.uccs.get(ucc)).retentionDays).toBe(0);
    expect(
      orThrow(await hush.uccs.patch(ucc, { retentionDays: 3_650, reason: 'policy' })).retentionDays,
    ).toBe(3_650);
    expect(orThrow(await hush.uccs.list()).map(({ name }) => name)).toEqual([ucc]);
    expect(orThrow(await hush.archive.startCheck({ deep: true })).state).toBe('running');
  });

  test.each([
    ['hang', { kind: 'timeout', retryable: true }],
    ['cutBefore', { kind: 'network', retryable: true }],
    ['torn', { kind: 'unexpected' }],
    ['html', { kind: 'unexpected' }],
    ['error', { kind: 'http', status: 500, retryable: true }],
  ] as const)('a request that meets %s', async (fault, error) => {
    const proxy = await FaultyProxy.start(bench.hush.api, () => fault);
    const client = createHush({ url: proxy.url, timeoutMs: 200 });
    expect(await client.uccs.list()).toMatchObject({ ok: false, error });
    expect((await client.contract.capabilities(ucc)).ok).toBe(false);
    const given = AbortSignal.abort();
    expect(await client.calls.list({}, { signal: given })).toMatchObject({
      error: { kind: 'aborted' },
    });
    proxy.close();
  });
});
