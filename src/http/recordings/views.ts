import { type Static, type TObject, Type } from 'typebox';
import type { Call } from '../../domain/call/call.ts';
import { isoTime, nameOf } from '../../domain/event/event-view.ts';
import { type AlarmKind, alarmKinds } from '../../domain/model/alarm.ts';
import type { CallDetailRecord } from '../../domain/model/call-detail.ts';
import type { CallHealth } from '../../domain/model/call-health.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import { callStatuses } from '../../domain/model/call-status.ts';
import { gapReasons } from '../../domain/model/gap.ts';
import { metadataFaultCodes } from '../../domain/model/metadata-fault.ts';
import { recordingEventTypes } from '../../domain/model/recording-event.ts';
import {
  MarkingState,
  RecordingState,
  recordingStateName,
  SavingState,
  stateActionName,
} from '../../domain/model/recording-state.ts';
import type { RecordingParts } from '../../domain/recording/recording-sidecar.ts';

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const nullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] });
const time = Type.String({ format: 'date-time' });

function nullable<Schema extends TObject>(schema: Schema) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, type: ['object', 'null'] });
}

export const partySchema = Type.Object({
  aor: Type.String({ description: 'SIP URI or phone number' }),
  name: nullableText,
  role: Type.String({ enum: ['agent', 'other'] }),
});

const callProperties = {
  id: Type.String(),
  correlationId: Type.String(),
  uccName: Type.String(),
  uccNames: Type.Array(Type.String(), {
    description: 'Every UCC that has had a recording session in it',
  }),
  recordingState: Type.String({ enum: Object.keys(RecordingState) }),
  markingState: Type.String({ enum: Object.keys(MarkingState) }),
  savingState: Type.String({ enum: Object.keys(SavingState) }),
  version: Type.Integer({ description: 'Counts every change of state' }),
  beganAt: time,
  parties: Type.Array(partySchema),
  metadataIncomplete: Type.Unsafe<readonly string[] | null>({
    type: ['array', 'null'],
    items: { type: 'string', enum: [...metadataFaultCodes] },
    description: 'Why its metadata may not say all; null where nothing was amiss',
  }),
};

export const callSchema = Type.Object({
  ...callProperties,
  pausedBy: Type.Array(Type.String({ description: '`api`, `hold`, or whose lease it is' })),
  notKeptSince: Type.Unsafe<string | null>({
    ...{ type: ['string', 'null'], format: 'date-time' },
    description: 'Since when the recorder keeps nothing; null while it keeps audio',
  }),
  alarms: Type.Array(Type.String({ enum: [...alarmKinds] }), {
    description: 'Open, of this call: it needs a look',
  }),
  streams: Type.Array(
    Type.Object({
      track: Type.Integer(),
      label: Type.String(),
      aor: nullableText,
      mixed: Type.Boolean({ description: 'Several parties in one stream' }),
      codec: Type.String(),
      encrypted: Type.Boolean({ description: 'SRTP' }),
      held: Type.Boolean(),
    }),
  ),
});

export const recordingSchema = Type.Object({
  ...callProperties,
  status: Type.String({
    enum: callStatuses.filter((status) => status !== 'empty'),
    description:
      '`finishing`: to be kept, not to be heard yet. `deleting`: to be destroyed, not to be heard ' +
      'any more, and saved all the same by a Save that comes in time',
  }),
  endedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
  lengthMs: nullableNumber,
  gaps: nullable(
    Type.Object({
      lengthMs: Type.Number({ description: 'Without audio in all, on the worse of its tracks' }),
      reasons: Type.Array(Type.String({ enum: [...gapReasons] })),
    }),
  ),
  legalHold: nullable(Type.Object({ reason: Type.String(), owner: Type.String(), placedAt: time })),
  health: nullable(
    Type.Object(
      { verdict: Type.String(), reasons: Type.Array(Type.String()) },
      { description: 'More at /api/calls/{id}/health' },
    ),
  ),
});

export const receiptSchema = Type.Object({
  action: Type.String(),
  detail: Type.String({ description: 'The row in UCC_CallDetail' }),
  requester: Type.String(),
  requestedAt: time,
  effectiveAt: time,
  sequence: Type.Integer(),
  streams: Type.Array(
    Type.Object({
      track: Type.Integer(),
      lastSequence: nullableNumber,
      lastPosition: nullableNumber,
      guardMs: Type.Optional(nullableNumber),
    }),
  ),
});

/** As `eventView` tells it. */
export const eventSchema = Type.Object({
  sequence: Type.Integer(),
  type: Type.String({ enum: [...recordingEventTypes] }),
  uccName: Type.String(),
  correlationId: Type.String(),
  recordingId: Type.String(),
  at: time,
  action: nullableText,
  requester: nullableText,
  owner: nullableText,
  alarm: nullableText,
  recordingState: Type.String(),
  markingState: Type.String(),
  savingState: Type.String(),
  gapStartedAt: nullableText,
  gapEndedAt: nullableText,
});

export const recordingDetailSchema = Type.Object({
  ...recordingSchema.properties,
  tracks: Type.Array(
    Type.Object({
      track: Type.Integer(),
      label: Type.String(),
      aor: nullableText,
      role: Type.String(),
      codec: Type.String(),
      clockRate: Type.Integer({
        description: 'Of the RTP clock, Hz: 8000 for G722, 48000 for OPUS',
      }),
      mixed: Type.Boolean({ description: 'Several parties in one stream' }),
      packets: Type.Record(Type.String(), Type.Integer()),
      gaps: Type.Array(
        Type.Object({
          startMs: Type.Number({ description: "From the recording's first sample" }),
          lengthMs: Type.Number(),
          startSample: Type.Integer({ description: "At the track's clockRate" }),
          samples: Type.Integer({ description: "At the track's clockRate" }),
          reason: Type.String({ enum: [...gapReasons] }),
        }),
      ),
    }),
  ),
  receipts: Type.Array(receiptSchema),
});

export function callView(call: Call, alarms: readonly AlarmKind[]) {
  const { gapStartedAt } = call.record;
  return {
    ...commonView(call.record),
    pausedBy: [...call.pausedBy],
    notKeptSince: gapStartedAt === null ? null : isoTime(gapStartedAt),
    alarms: [...alarms],
    streams: [...call.streams.values()].map(({ track, label, aor, mixed, agreed, held }) => ({
      ...{ track, label, aor, mixed, codec: agreed.codec, encrypted: agreed.srtp !== null, held },
    })),
  };
}

export function recordingView(record: CallRecord) {
  return {
    ...commonView(record),
    status: record.status,
    endedAt: record.endedAt === null ? null : isoTime(record.endedAt),
    lengthMs: record.lengthMs,
    gaps: record.gaps,
    legalHold: record.legalHold && {
      ...record.legalHold,
      placedAt: isoTime(record.legalHold.placedAt),
    },
    health: record.health && healthSummary(record.health),
  };
}

function healthSummary({ verdict, reasons }: CallHealth) {
  return { verdict, reasons };
}

export function recordingDetailView(record: CallRecord, parts: RecordingParts) {
  return {
    ...recordingView(record),
    tracks: parts.tracks.map(({ track, label, aor, role, codec, clockRate, mixed, packets }) => ({
      ...{ track, label, aor, role, codec, clockRate, mixed, packets },
      gaps: parts.gaps
        .filter((gap) => gap.track === track)
        .map(({ start, length, reason }) => ({
          startMs: (start * 1000) / clockRate,
          lengthMs: (length * 1000) / clockRate,
          startSample: start,
          samples: length,
          reason,
        })),
    })),
    receipts: parts.details.map(receiptView),
  };
}

export function receiptView(row: CallDetailRecord) {
  return {
    action: stateActionName(row.action),
    detail: row.detail,
    requester: row.requester,
    requestedAt: isoTime(row.requestedAt),
    effectiveAt: isoTime(row.effectiveAt),
    sequence: row.sequence,
    streams: row.streams,
  };
}

function commonView(record: CallRecord) {
  return {
    id: record.id,
    correlationId: record.correlationId,
    uccName: record.uccName,
    uccNames: [...record.dialogue.uccs],
    recordingState: recordingStateName(record.recordingState),
    markingState: nameOf(MarkingState, record.markingState),
    savingState: nameOf(SavingState, record.savingState),
    version: record.version,
    beganAt: isoTime(record.beganAt),
    parties: record.parties,
    metadataIncomplete: record.metadataIncomplete,
  };
}
