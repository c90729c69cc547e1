import { type TObject, Type } from 'typebox';
import type { CallStatus } from '../../domain/model/call-status.ts';
import { metadataFaultCodes } from '../../domain/model/metadata-fault.ts';
import { recordingEventTypes } from '../../domain/model/recording-event.ts';
import {
  alarmKind,
  gapReason,
  markingStateName,
  partyRole,
  recordingStateName,
  recordingStatus,
  savingStateName,
  verdict,
} from '../description/enums.ts';

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const nullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] });
const time = Type.String({ format: 'date-time' });

function nullable<Schema extends TObject>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

export const partySchema = Type.Object(
  {
    aor: Type.String({ description: 'SIP URI or phone number' }),
    name: nullableText,
    role: partyRole,
  },
  { title: 'Party' },
);

const callProperties = {
  id: Type.String(),
  correlationId: Type.String(),
  uccName: Type.String(),
  uccNames: Type.Array(Type.String(), {
    description: 'Every UCC that has had a recording session in it',
  }),
  recordingState: recordingStateName,
  markingState: markingStateName,
  savingState: savingStateName,
  version: Type.Integer({ description: 'Counts every change of state' }),
  beganAt: time,
  parties: Type.Array(partySchema),
  metadataIncomplete: Type.Unsafe<readonly string[] | null>({
    type: ['array', 'null'],
    items: { title: 'MetadataFault', type: 'string', enum: [...metadataFaultCodes] },
    description: 'Why its metadata may not say all; null where nothing was amiss',
  }),
};

export const callSchema = Type.Object(
  {
    ...callProperties,
    pausedBy: Type.Array(Type.String({ description: '`api`, `hold`, or whose lease it is' })),
    notKeptSince: Type.Unsafe<string | null>({
      ...{ type: ['string', 'null'], format: 'date-time' },
      description: 'Since when the recorder keeps nothing; null while it keeps audio',
    }),
    alarms: Type.Array(alarmKind, {
      description: 'Open, of this call: it needs a look',
    }),
    streams: Type.Array(
      Type.Object(
        {
          track: Type.Integer(),
          label: Type.String(),
          aor: nullableText,
          mixed: Type.Boolean({ description: 'Several parties in one stream' }),
          codec: Type.String(),
          encrypted: Type.Boolean({ description: 'SRTP' }),
          held: Type.Boolean(),
        },
        { title: 'CallStream' },
      ),
    ),
  },
  { title: 'Call' },
);

export const recordingSchema = Type.Object(
  {
    ...callProperties,
    status: Type.Unsafe<CallStatus>({
      ...recordingStatus,
      description:
        '`finishing`: to be kept, not to be heard yet. `deleting`: to be destroyed, not to be heard ' +
        'any more, and saved all the same by a Save that comes in time',
    }),
    endedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
    lengthMs: nullableNumber,
    gaps: nullable(
      Type.Object(
        {
          lengthMs: Type.Number({
            description: 'Without audio in all, on the worse of its tracks',
          }),
          reasons: Type.Array(gapReason),
        },
        { title: 'GapSummary' },
      ),
    ),
    legalHold: nullable(
      Type.Object(
        { reason: Type.String(), owner: Type.String(), placedAt: time },
        { title: 'LegalHold' },
      ),
    ),
    health: nullable(
      Type.Object(
        { verdict, reasons: Type.Array(Type.String()) },
        { title: 'HealthSummary', description: 'More at /api/calls/{id}/health' },
      ),
    ),
  },
  { title: 'Recording' },
);

export const receiptSchema = Type.Object(
  {
    action: Type.String(),
    detail: Type.String({ description: 'The row in UCC_CallDetail' }),
    requester: Type.String(),
    requestedAt: time,
    effectiveAt: time,
    sequence: Type.Integer(),
    streams: Type.Array(
      Type.Object(
        {
          track: Type.Integer(),
          lastSequence: nullableNumber,
          lastPosition: nullableNumber,
          guardMs: Type.Optional(nullableNumber),
        },
        { title: 'ReceiptStream' },
      ),
    ),
  },
  { title: 'Receipt' },
);

/** Describes the view that `eventView` makes. */
export const eventSchema = Type.Object(
  {
    sequence: Type.Integer(),
    type: Type.String({ title: 'RecordingEventType', enum: [...recordingEventTypes] }),
    uccName: Type.String(),
    correlationId: Type.String(),
    recordingId: Type.String(),
    at: time,
    action: nullableText,
    requester: nullableText,
    owner: nullableText,
    alarm: nullableText,
    recordingState: recordingStateName,
    markingState: markingStateName,
    savingState: savingStateName,
    gapStartedAt: nullableText,
    gapEndedAt: nullableText,
  },
  { title: 'CallEvent' },
);

export const recordingDetailSchema = Type.Object(
  {
    ...recordingSchema.properties,
    tracks: Type.Array(
      Type.Object(
        {
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
            Type.Object(
              {
                startMs: Type.Number({ description: "From the recording's first sample" }),
                lengthMs: Type.Number(),
                startSample: Type.Integer({ description: "At the track's clockRate" }),
                samples: Type.Integer({ description: "At the track's clockRate" }),
                reason: gapReason,
              },
              { title: 'Gap' },
            ),
          ),
        },
        { title: 'RecordedTrack' },
      ),
    ),
    receipts: Type.Array(receiptSchema),
  },
  { title: 'RecordingDetail' },
);
