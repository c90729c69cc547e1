import { Type } from 'typebox';
import { type RecordingEvent, recordingEventTypes } from '../domain/model/recording-event.ts';
import {
  MarkingState,
  RecordingState,
  SavingState,
  StateAction,
  stateActionName,
} from '../domain/model/recording-state.ts';

/** Name of the hub in classic SignalR; in ASP.NET Core it is the path. */
export const classicHubName = 'recordingHub';

/** The contract's event: its field is `UccName`, not `UCCName`. */
export const stateChangedEvent = 'RecordingStateChangedEvent';
/** The richer event, sent to subscribers only. */
export const recordingChangedEvent = 'RecordingChanged';

const nullable = (type: string) => Type.Unsafe<unknown>({ type: [type, 'null'] });
const enumOf = (values: Record<string, number>) =>
  Type.Integer({
    enum: Object.values(values),
    description: Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  });

/** Action in the audit log: a connected client receives every command of its UCCs. */
export const connectAction = 'Connect';

/** Source of `api/hub.json`: the methods that clients call, and the events they receive. */
export const hubContract = {
  paths: {
    signalr: '/attendantservice/hubs/recording',
    signalrV2: '/attendantservice/v2/hubs/recording',
    classic: '/attendantservice/signalr',
    classicV2: '/attendantservice/v2/signalr',
    classicHub: classicHubName,
  },
  methods: {
    Subscribe: {
      access: 'readEvents',
      audit: 'read',
      description:
        'RecordingChanged of a UCC from now on; with sinceSequence first everything after it. Answers when caught up.',
      arguments: Type.Tuple([Type.String(), nullable('integer')]),
    },
    Unsubscribe: {
      access: 'readEvents',
      audit: { class: 'none', why: 'reads nothing any more' },
      description: 'No more RecordingChanged of the UCC',
      arguments: Type.Tuple([Type.String()]),
    },
    SubscribeCall: {
      access: 'readEvents',
      audit: 'read',
      description:
        'RecordingChanged of one call from now on, by correlation id in any GUID spelling',
      arguments: Type.Tuple([Type.String()]),
    },
  },
  events: {
    [stateChangedEvent]: {
      description: 'After each successful command, to every client that sees its UCC',
      payload: Type.Object({
        UccName: Type.String(),
        CorrelationId: Type.String(),
        StateAction: enumOf(StateAction),
      }),
    },
    [recordingChangedEvent]: {
      description: 'Every committed event of what a client has subscribed to',
      payload: Type.Object({
        Sequence: Type.Integer({ description: 'Rises per UCC' }),
        Type: Type.String({ enum: [...recordingEventTypes] }),
        UccName: Type.String(),
        CorrelationId: Type.String(),
        RecordingId: Type.String(),
        Time: Type.String({ format: 'date-time' }),
        StateAction: nullable('integer'),
        Action: nullable('string'),
        Requester: nullable('string'),
        Owner: nullable('string'),
        Alarm: nullable('string'),
        RecordingState: enumOf(RecordingState),
        MarkingState: enumOf(MarkingState),
        SavingState: enumOf(SavingState),
        GapStartedAt: nullable('string'),
        GapEndedAt: nullable('string'),
      }),
    },
  },
} as const;

export type HubMethodName = keyof typeof hubContract.methods;

/** Returns the contract's payload; undefined if the event is no successful command. */
export function stateChangedPayload(event: RecordingEvent) {
  if (event.type !== 'recordingStateChanged' || event.action === null) return undefined;
  return {
    UccName: event.uccName,
    CorrelationId: event.correlationId,
    StateAction: event.action,
  };
}

export function recordingChangedPayload(event: RecordingEvent) {
  return {
    Sequence: event.sequence,
    Type: event.type,
    UccName: event.uccName,
    CorrelationId: event.correlationId,
    RecordingId: event.callId,
    Time: isoTime(event.at),
    StateAction: event.action,
    Action: event.action === null ? null : stateActionName(event.action),
    Requester: event.requester,
    Owner: event.owner,
    Alarm: event.alarm,
    RecordingState: event.recordingState,
    MarkingState: event.markingState,
    SavingState: event.savingState,
    GapStartedAt: event.gapStartedAt === null ? null : isoTime(event.gapStartedAt),
    GapEndedAt: event.gapEndedAt === null ? null : isoTime(event.gapEndedAt),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
