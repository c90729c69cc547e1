import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/logging/logger.ts';
import { type Session, sdpBody, sdpOf, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

let lines: string[] = [];
const fixture = new SrsFixture(() => {
  lines = [];
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  return { overrides: { logger } };
});

interface Line {
  readonly subsystem?: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function logged(): Line[] {
  return lines.map((line) => JSON.parse(line) as Line);
}

async function talk(session: Session, from: number): Promise<void> {
  for (const [index, port] of session.ports.entries()) {
    await fixture.client.frames(port, { tag: index + 1 }, from, from + 10);
  }
}

test('the log tells the life of a recorded call, every line under the names of it', async () => {
  const { hush, client } = fixture;
  const correlationId = randomUUID();
  const session = await client.invite({ correlationId });
  await talk(session, 0);
  await hush.command('Pause', correlationId);
  await hush.command('Start', correlationId);
  await session.reinvite(twoLines.map(() => ({ direction: 'inactive' })));
  await session.reinvite(twoLines);
  await talk(session, 10);
  await hush.command('Pause', correlationId, { RequesterSipUri: 'sip:nobody@example.com' });
  await session.dialog.bye();
  await hush.settled(correlationId);
  const { callId } = await hush.event(({ type }) => type === 'callBegan');
  const ofCall = logged().filter((line) => line.correlationId === correlationId);
  expect(ofCall.map(({ subsystem, msg }) => `${subsystem}: ${msg}`)).toEqual([
    'call: call began',
    'srs: INVITE accepted',
    'call: Pause carried out',
    'call: Start carried out',
    'srs: streams held by the client',
    'srs: streams resumed by the client',
    'call: Pause refused',
    'call: call ended',
    'srs: recording session ended',
    'assurance: recording judged',
    'archive: recording kept',
  ]);
  expect(new Set(ofCall.map((line) => line.callId))).toEqual(new Set([callId, undefined]));
});

test('the log names an INVITE that was refused, why, and by which Call-ID to look for it', async () => {
  const body = sdpBody(sdpOf([{ formats: '18' }]));
  expect(await fixture.client.refusal({ body, headers: { Require: 'siprec' } })).toBe(488);
  const [refused, alarm] = logged().slice(-2);
  expect(refused).toMatchObject({
    ...{ subsystem: 'srs', msg: 'INVITE refused', outcome: 'refused', address: '127.0.0.1' },
    ...{ reason: 'noCodec', status: 488, sipCallId: expect.stringMatching(/./) },
  });
  expect(alarm).toMatchObject({ alarm: { kind: 'inviteRefused' } });
});
