import type { RecordingEvent, RecordingEventType } from '../domain/model/recording-event.ts';
import {
  recordingStateName,
  type StateAction,
  stateActionName,
} from '../domain/model/recording-state.ts';
import type { Log, LogLevel } from '../domain/ports/log.ts';
import { requesterKind } from './requester-kind.ts';
import type { Subsystem, SubsystemLogs } from './subsystem-logs.ts';

interface EventLine {
  readonly subsystem: Subsystem;
  readonly level: LogLevel & ('debug' | 'info');
  readonly message: string;
}

const info = (subsystem: Subsystem, message: string): EventLine => {
  return { subsystem, level: 'info', message };
};

/** Lines of committed events. Raised alarms are logged by the alarm register's sink. */
const lines: Readonly<Record<Exclude<RecordingEventType, 'alarmRaised'>, EventLine>> = {
  callBegan: info('call', 'call began'),
  callUpdated: { subsystem: 'call', level: 'debug', message: 'call updated' },
  recordingStateChanged: info('call', 'command carried out'),
  pauseTaken: info('call', 'pause taken'),
  pauseReleased: info('call', 'pause released'),
  pauseExpired: info('call', 'pause not renewed in time'),
  callEnded: info('call', 'call ended'),
  recordingSaved: info('archive', 'recording kept'),
  recordingDestroyed: info('archive', 'recording destroyed'),
  recordingErased: info('archive', 'interval of a recording erased'),
  legalHoldPlaced: info('archive', 'legal hold placed'),
  legalHoldReleased: info('archive', 'legal hold released'),
  alarmCleared: info('assurance', 'alarm cleared'),
};

/** Logs a committed event. */
export function logEvent(logs: SubsystemLogs, event: RecordingEvent): void {
  if (event.type === 'alarmRaised') return;
  const { subsystem, level, message } = lines[event.type];
  const log: Log = logs[subsystem];
  const { action } = event;
  const done = action === null ? message : `${stateActionName(action as StateAction)} carried out`;
  if (log.isLevelEnabled(level)) log[level](fieldsOf(event), done);
}

function fieldsOf(event: RecordingEvent): Record<string, unknown> {
  const { callId, correlationId, uccName, action, requester, owner, alarm } = event;
  return {
    callId,
    correlationId,
    uccName,
    ...(action === null ? {} : { action: stateActionName(action as StateAction), outcome: 'ok' }),
    ...(requester === null ? {} : { requester: requesterKind(requester) }),
    ...(owner === null ? {} : { owner }),
    ...(alarm === null ? {} : { alarm }),
    recordingState: recordingStateName(event.recordingState),
    ...(event.gapStartedAt === null ? {} : { gapStartedAt: event.gapStartedAt }),
    ...(event.gapEndedAt === null ? {} : { gapEndedAt: event.gapEndedAt }),
  };
}
