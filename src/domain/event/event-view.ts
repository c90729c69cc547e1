import type { RecordingEvent } from '../model/recording-event.ts';
import {
  MarkingState,
  recordingStateName,
  SavingState,
  stateActionName,
} from '../model/recording-state.ts';

/** Returns the event as server-sent events and webhooks carry it. */
export function eventView(event: RecordingEvent) {
  return {
    sequence: event.sequence,
    type: event.type,
    uccName: event.uccName,
    correlationId: event.correlationId,
    recordingId: event.callId,
    at: isoTime(event.at),
    action: event.action === null ? null : stateActionName(event.action),
    requester: event.requester,
    owner: event.owner,
    alarm: event.alarm,
    recordingState: recordingStateName(event.recordingState),
    markingState: nameOf(MarkingState, event.markingState),
    savingState: nameOf(SavingState, event.savingState),
    gapStartedAt: event.gapStartedAt === null ? null : isoTime(event.gapStartedAt),
    gapEndedAt: event.gapEndedAt === null ? null : isoTime(event.gapEndedAt),
  };
}

/** Returns the name of an enum's value. */
export function nameOf(values: Record<string, number>, value: number): string {
  return Object.keys(values).find((name) => values[name] === value) ?? '';
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
