import type { RecordingEvent } from '../domain/model/recording-event.ts';
import { stateActionName } from '../domain/model/recording-state.ts';

const what: Record<RecordingEvent['type'], string> = {
  callBegan: 'call began',
  callUpdated: 'call changed',
  recordingStateChanged: 'state changed',
  pauseTaken: 'pause taken',
  pauseReleased: 'pause released',
  pauseExpired: 'pause expired',
  callEnded: 'call ended',
  recordingSaved: 'recording saved',
  alarmRaised: 'alarm',
  alarmCleared: 'alarm over',
  recordingDestroyed: 'recording destroyed',
  recordingErased: 'part was erased',
  legalHoldPlaced: 'legal hold placed',
  legalHoldReleased: 'legal hold released',
};

/** Describes an event in one line, for people. */
export function eventLine(event: RecordingEvent): string {
  const time = new Date(event.at).toISOString().slice(11, 23);
  const action = event.action === null ? what[event.type] : stateActionName(event.action);
  const who = event.requester ?? event.owner;
  const by = who === null ? '' : ` by ${who}`;
  const sequence = String(event.sequence).padStart(5);
  return `${time} ${sequence}  ${action.padEnd(18)} ${event.correlationId}${by}`;
}
