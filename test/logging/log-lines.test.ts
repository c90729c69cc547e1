import { expect, test } from 'vitest';
import type { AuditRecord } from '../../src/domain/model/audit-record.ts';
import {
  type RecordingEvent,
  type RecordingEventType,
  recordingEventTypes,
} from '../../src/domain/model/recording-event.ts';
import { logEvent } from '../../src/logging/event-log.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { RefusedRequestLog } from '../../src/logging/refused-log.ts';
import { subsystemLogs } from '../../src/logging/subsystem-logs.ts';

interface Line {
  readonly subsystem: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

function bench(level: string) {
  const lines: Line[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Line);
  return { logs: subsystemLogs(createLogger(level, { write })), lines };
}

function anEvent(type: RecordingEventType, more: Partial<RecordingEvent> = {}): RecordingEvent {
  return {
    type,
    uccName: 'ucc',
    sequence: 1,
    position: 1,
    correlationId: 'of-the-dialogue',
    callId: 'of-the-call',
    at: 1_000,
    action: null,
    requester: null,
    owner: null,
    alarm: null,
    recordingState: 1,
    markingState: 0,
    savingState: 0,
    gapStartedAt: null,
    gapEndedAt: null,
    ...more,
  };
}

function aRow(more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: 'row',
    at: 1_000,
    who: 'a password in the wrong field',
    client: 'another',
    address: '10.0.0.9',
    surface: 'v2',
    requester: 'sip:agent@domain.com',
    action: 'Pause',
    uccName: 'ucc',
    correlationId: '6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d10',
    callId: null,
    outcome: 'refused',
    reason: 'cannotPause',
    count: 1,
    before: null,
    after: null,
    ...more,
  };
}

test('each committed event is a line, but for raised alarms, which have theirs', () => {
  const { logs, lines } = bench('debug');
  for (const type of recordingEventTypes) logEvent(logs, anEvent(type));
  const others = recordingEventTypes.filter((type) => type !== 'alarmRaised');
  expect(lines).toHaveLength(others.length);
  for (const line of lines) {
    expect(line).toMatchObject({ callId: 'of-the-call', correlationId: 'of-the-dialogue' });
  }
});

test('a command and a pause tell what was done and whose pause it is, not who asked', () => {
  const { logs, lines } = bench('info');
  logEvent(logs, anEvent('recordingStateChanged', { action: 5, requester: 'tel:+31880000001' }));
  logEvent(logs, anEvent('pauseTaken', { owner: 'payment-page', requester: 'sip:a@b' }));
  logEvent(logs, anEvent('callUpdated'));
  expect(lines).toMatchObject([
    { subsystem: 'call', msg: expect.stringMatching(/^\w+ carried out$/), requester: 'tel' },
    { subsystem: 'call', msg: 'pause taken', owner: 'payment-page', requester: 'sip' },
  ]);
  expect(JSON.stringify(lines)).not.toContain('0880000001');
});

test('a refused request tells why and which row of the audit log names whoever asked', () => {
  const { logs, lines } = bench('info');
  const log = new RefusedRequestLog(logs);
  log.refused(aRow());
  log.refused(aRow({ action: 'token', outcome: 'denied', reason: 'user' }));
  log.refused(aRow({ correlationId: 'whatever a client sends', surface: 'api' }));
  log.close();
  expect(lines).toMatchObject([
    { subsystem: 'call', msg: 'Pause refused', reason: 'cannotPause', auditId: 'row' },
    { subsystem: 'auth', msg: 'sign-in refused', reason: 'user' },
    { subsystem: 'call', msg: 'Pause refused' },
  ]);
  expect(lines[2]).not.toHaveProperty('correlationId');
  expect(JSON.stringify(lines)).not.toMatch(/password|another|agent@/);
});

test('a flood of refused requests is folded', () => {
  const { logs, lines } = bench('info');
  const log = new RefusedRequestLog(logs);
  for (let count = 0; count < 100; count += 1) log.refused(aRow({ outcome: 'denied' }));
  log.close();
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toMatchObject({
    msg: 'further requests refused',
    refusals: { 'Pause denied': 80 },
  });
});
