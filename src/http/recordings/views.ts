import type { Call } from '../../domain/call/call.ts';
import { isoTime, nameOf } from '../../domain/event/event-view.ts';
import type { AlarmKind } from '../../domain/model/alarm.ts';
import type { CallDetailRecord } from '../../domain/model/call-detail.ts';
import type { CallHealth } from '../../domain/model/call-health.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import {
  MarkingState,
  recordingStateName,
  SavingState,
  stateActionName,
} from '../../domain/model/recording-state.ts';
import type { RecordingParts } from '../../domain/recording/recording-sidecar.ts';

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
