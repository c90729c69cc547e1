import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { EventStream } from '../hub/support/event-stream.ts';
import { TestCaller } from '../support/calls.ts';
import { agent, TestHush, ucc } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { freeRtpPorts } from '../support/ports.ts';

/** Real calls, good and bad, and what is said of them while they last and afterwards. */

const mediaStartMs = 1_500;
let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  const ports = await freeRtpPorts();
  hush = await TestHush.start({
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      recording: { ...config.recording, mediaStartMs, mediaSilentMs: 2_000 },
    }),
  });
  caller = await TestCaller.open();
});

afterAll(async () => {
  await caller.close();
  await hush.remove();
});

interface Party {
  readonly speaks?: boolean;
  readonly impair?: (packet: Buffer, send: (packet: Buffer) => void) => void;
  /** Frames after which it says no more. */
  readonly frames?: number;
}

/** A call of an agent and a caller, each as told. */
async function place(parties: readonly [Party, Party]) {
  const correlationId = randomUUID();
  let frames = 0;
  const waiting: { count: number; resolve(): void }[] = [];
  const call = await caller.client.placeCall({
    peer: hush.peer,
    requestUri: `sip:${ucc}@127.0.0.1`,
    headers: [{ name: 'X-Correlation-Id', value: correlationId }],
    participants: parties.map(({ speaks = true, impair, frames: most = 1e9 }, side) => ({
      aor: side === 0 ? agent : 'tel:+31880000000',
      source: (index: number) =>
        speaks && index < most ? markerFrame(side + 1, index) : undefined,
      onSent: () => {
        if (side !== 0) return;
        frames += 1;
        for (const waiter of waiting) if (frames >= waiter.count) waiter.resolve();
      },
      ...(impair ? { impair } : {}),
    })),
  });
  const sent = (count: number) =>
    new Promise<void>((resolve) => {
      if (frames >= count) resolve();
      else waiting.push({ count, resolve });
    });
  return { correlationId, call, sent };
}

const raised = (correlationId: string, alarm: string, type = 'alarmRaised') =>
  hush.event((e) => e.correlationId === correlationId && e.type === type && e.alarm === alarm);

async function healthOf(correlationId: string) {
  await hush.settled(correlationId);
  return hush.get(`/api/calls/${correlationId}/health`);
}

const codes = (health: { reasons: { code: string }[] }) => health.reasons.map(({ code }) => code);

describe('a call', () => {
  it('whose two parties are heard is complete', async () => {
    const { correlationId, call, sent } = await place([{}, {}]);
    await sent(150);
    await call.end();
    const health = await healthOf(correlationId);
    expect(health).toMatchObject({ verdict: 'complete', reasons: [], status: 'kept' });
    for (const track of health.tracks) {
      expect(track.keptMs).toBeGreaterThan(2_800);
      expect(track.keptMs).toBe(track.expectedMs);
    }
    const recording = await hush.get(`/api/recordings/${correlationId}`);
    expect(recording.health).toEqual({ verdict: 'complete', reasons: [] });
    expect(hush.events.some((e) => e.correlationId === correlationId && e.alarm)).toBe(false);
  });

  longTest('whose second party never sends raises an alarm at once, and is degraded', async () => {
    const stream = await EventStream.open(`${hush.api}/api/events?ucc=${ucc}`);
    const { correlationId, call } = await place([{}, { speaks: false }]);
    const began = await hush.event((e) => e.correlationId === correlationId);
    const alarm = await raised(correlationId, 'mediaOneSided');
    expect(alarm.at - began.at).toBeLessThan(mediaStartMs + 3_500);
    const heard = await stream.heard.event(({ sequence }) => sequence === alarm.sequence);
    expect(heard).toMatchObject({ type: 'alarmRaised', alarm: 'mediaOneSided' });
    await stream.close();
    const live = await hush.get(`/api/calls/${correlationId}/health`);
    expect(live).toMatchObject({ status: 'live', verdict: 'degraded' });
    expect(codes(live)).toEqual(['streamSilent']);
    const open = await hush.get('/api/alarms?open=true&limit=1');
    expect(open.items).toMatchObject([{ kind: 'mediaOneSided', correlationId, clearedAt: null }]);
    const metrics = await (await fetch(`${hush.api}/metrics`)).text();
    expect(metrics).toMatch(/^hush_alarms_open\{kind="mediaOneSided"\} 1$/m);
    await call.end();
    const health = await healthOf(correlationId);
    expect(health.verdict).toBe('degraded');
    expect(codes(health).sort()).toEqual(['oneSided', 'streamSilent']);
    const all = hush.events.filter((e) => e.correlationId === correlationId && e.alarm !== null);
    expect(all).toHaveLength(1);
    const [ended] = (await hush.get('/api/alarms?kind=mediaOneSided&limit=1')).items;
    expect(ended).toMatchObject({ correlationId, clearedAt: expect.any(String) });
  });

  it('that is paused is complete: what nobody wanted is not lost', async () => {
    const { correlationId, call, sent } = await place([{}, {}]);
    await sent(60);
    expect((await hush.command('Pause', correlationId)).ErrorMessage).toBeNull();
    await sent(160);
    expect((await hush.command('Start', correlationId)).ErrorMessage).toBeNull();
    await sent(220);
    await call.end();
    const health = await healthOf(correlationId);
    expect(health).toMatchObject({ verdict: 'complete', reasons: [], pauses: 1 });
    for (const track of health.tracks) {
      expect(track.absentMs).toBeGreaterThan(1_500);
      expect(track.lostMs).toBe(0);
    }
  });

  longTest('that loses every tenth packet is degraded, by as much as was lost', async () => {
    let packets = 0;
    let dropped = 0;
    const impair = (packet: Buffer, send: (packet: Buffer) => void): void => {
      packets += 1;
      if (packets % 10 === 5) dropped += 1;
      else send(packet);
    };
    const { correlationId, call, sent } = await place([{ impair }, {}]);
    await sent(200);
    await call.end();
    const health = await healthOf(correlationId);
    expect(health.verdict).toBe('degraded');
    expect(codes(health)).toEqual(['audioLost']);
    // The last packet that was dropped may have had none behind it.
    expect(health.tracks[0].lostMs).toBeGreaterThanOrEqual((dropped - 1) * 20);
    expect(health.tracks[0].lostMs).toBeLessThanOrEqual(dropped * 20);
    expect(health.tracks[1].lostMs).toBe(0);
  });

  it('to which nobody sends anything is missing', async () => {
    const { correlationId, call } = await place([{ speaks: false }, { speaks: false }]);
    await raised(correlationId, 'mediaMissing');
    await call.end();
    const health = await healthOf(correlationId);
    expect(health.verdict).toBe('missing');
    expect(codes(health)).toEqual(['noMedia']);
  });

  longTest('that is on hold from its begin is asked for nothing', async () => {
    const { correlationId, call } = await place([{}, {}]);
    await call.hold();
    const other = await place([{}, { speaks: false }]);
    await raised(other.correlationId, 'mediaOneSided');
    expect(hush.events.filter((e) => e.correlationId === correlationId && e.alarm)).toEqual([]);
    await call.end();
    await other.call.end();
  });

  longTest(
    'one of whose steady streams stops raises an alarm, and tells when it is over',
    async () => {
      const { correlationId, call, sent } = await place([{}, {}]);
      await sent(200);
      const [first] = call.streams;
      if (!first) throw new Error('no stream');
      first.enabled = false;
      await raised(correlationId, 'mediaStopped');
      first.enabled = true;
      await raised(correlationId, 'mediaStopped', 'alarmCleared');
      await call.end();
      expect(codes(await healthOf(correlationId))).toContain('mediaStopped');
    },
  );
});

describe('a day', () => {
  it('is summed up, and reconciled with what another system knows', async () => {
    const { correlationId, call, sent } = await place([{}, {}]);
    await sent(20);
    await hush.command('Delete', correlationId);
    await call.end();
    await hush.settled(correlationId);
    const date = new Date().toLocaleDateString('en-CA');
    const day = await hush.get(`/api/assurance/daily?date=${date}`);
    expect(day.uccs).toHaveLength(1);
    expect(day.uccs[0]).toMatchObject({ uccName: ucc, missing: 1, destroyed: 1, pauses: 1 });
    expect(day.uccs[0].alarms.mediaMissing).toBe(1);
    expect(day.lookAt[0]).toMatchObject({ verdict: 'missing', reasons: ['noMedia'] });
    const missing = day.lookAt[0].correlationId;
    const unknown = randomUUID();
    const response = await hush.post('/api/assurance/reconcile', {
      correlationIds: [correlationId, missing, unknown.toUpperCase(), unknown],
    });
    expect(await response.json()).toEqual({
      ...{ complete: [], degraded: [], destroyed: [correlationId], inProgress: [] },
      missing: [
        { correlationId: missing, why: 'nothingKept' },
        { correlationId: unknown, why: 'neverSeen' },
      ],
    });
  });

  it.each([
    ['a day that is none', '2026-02-30'],
    ['nonsense', 'yesterday'],
  ])('%s is refused', async (_, date) => {
    const response = await fetch(`${hush.api}/api/assurance/daily?date=${date}`);
    expect(response.status).toBe(400);
  });

  it('takes 10,000 ids and no more', async () => {
    const ids = (count: number) => ({
      correlationIds: Array.from({ length: count }, () => randomUUID()),
    });
    const taken = await hush.post('/api/assurance/reconcile', ids(10_000));
    expect(taken.status).toBe(200);
    expect(((await taken.json()) as { missing: object[] }).missing).toHaveLength(10_000);
    expect((await hush.post('/api/assurance/reconcile', ids(10_001))).status).toBe(400);
  });
});
