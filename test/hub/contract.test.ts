import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';
import { recordingChangedPayload, stateChangedPayload } from '../../src/hub/hub-contract.ts';

const script = fileURLToPath(new URL('../../scripts/write-hub-contract.ts', import.meta.url));
const contract = JSON.parse(
  readFileSync(new URL('../../api/hub.json', import.meta.url), 'utf8'),
) as { events: Record<string, { payload: { properties: object; required: string[] } }> };

const event: RecordingEvent = {
  type: 'recordingStateChanged',
  uccName: 'ucc',
  sequence: 7,
  position: 9,
  at: 1_700_000_000_123,
  correlationId: '1d6c6a58-6739-4f0c-98ff-0968292c8c30',
  callId: 'call',
  action: 3,
  requester: 'sip:agent@domain.com',
  recordingState: 3,
  markingState: 0,
  savingState: 0,
  gapStartedAt: 1_700_000_000_100,
  gapEndedAt: null,
  owner: null,
  alarm: null,
};

it('api/hub.json matches the code', () => {
  const { status, stderr } = spawnSync(process.execPath, [script, '--check']);
  expect(String(stderr)).toBe('');
  expect(status).toBe(0);
});

it.each([
  ['RecordingStateChangedEvent', stateChangedPayload(event)],
  ['RecordingChanged', recordingChangedPayload(event)],
])('%s has the properties that the contract names, in its order', (name, payload) => {
  const { properties, required } = contract.events[name]?.payload ?? {};
  expect(Object.keys(payload ?? {})).toEqual(Object.keys(properties ?? {}));
  expect(required).toEqual(Object.keys(payload ?? {}));
});

it('the contract event is spelt as clients expect it, and sent only for commands', () => {
  expect(JSON.stringify(stateChangedPayload(event))).toBe(
    '{"UccName":"ucc","CorrelationId":"1d6c6a58-6739-4f0c-98ff-0968292c8c30","StateAction":3}',
  );
  expect(stateChangedPayload({ ...event, action: null })).toBeUndefined();
  expect(stateChangedPayload({ ...event, type: 'callEnded', action: null })).toBeUndefined();
});
