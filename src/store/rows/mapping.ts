import { firstDialoguePart } from '../../domain/call/dialogue.ts';
import { partyKeys } from '../../domain/identifiers/party-keys.ts';
import type { AlarmKind } from '../../domain/model/alarm.ts';
import type { CallDetailRecord } from '../../domain/model/call-detail.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { CallStatus } from '../../domain/model/call-status.ts';
import type { DialoguePart } from '../../domain/model/dialogue-part.ts';
import { type GapReason, type GapRecord, gapReasons } from '../../domain/model/gap.ts';
import type { RecordingEvent, RecordingEventType } from '../../domain/model/recording-event.ts';
import type { SessionRecord } from '../../domain/model/recording-session.ts';
import type {
  MarkingState,
  RecordingState,
  SavingState,
  StateAction,
} from '../../domain/model/recording-state.ts';
import type { SegmentRecord } from '../../domain/model/segment.ts';
import type { Codec, TrackRecord } from '../../domain/model/track.ts';
import type { Ucc } from '../../domain/model/ucc.ts';
import type { Change } from '../../domain/ports/store.ts';
import { alarmRow } from './assurance-rows.ts';
import { auditRow } from './audit-rows.ts';
import { derivedRow, erasureRow } from './retention-rows.ts';
import type { Schema, TableName } from './schema.ts';
import type {
  CallDetailTable,
  CallPartyTable,
  CallTable,
  CallUccTable,
  EventTable,
  GapTable,
  RecordingSessionTable,
  SegmentTable,
  TrackTable,
  UccTable,
} from './tables.ts';

export type RowOf = { [Table in TableName]: { table: Table; row: Schema[Table] } }[TableName];

/** Returns the rows that one change inserts or replaces. */
export function rowsOf(change: Change): RowOf[] {
  const rows: RowOf[] = [];
  if (change.ucc) rows.push({ table: 'uccs', row: uccRow(change.ucc) });
  if (change.call) rows.push({ table: 'calls', row: callRow(change.call) });
  for (const row of change.partiesOf ? partyRows(change.partiesOf) : []) {
    rows.push({ table: 'call_parties', row });
  }
  for (const row of change.uccsOf ? furtherUccRows(change.uccsOf) : []) {
    rows.push({ table: 'call_uccs', row });
  }
  for (const track of change.tracks ?? []) rows.push({ table: 'tracks', row: trackRow(track) });
  for (const segment of change.segments ?? []) {
    rows.push({ table: 'segments', row: segmentRow(segment) });
  }
  for (const gap of change.gaps ?? []) rows.push({ table: 'gaps', row: gapRow(gap) });
  if (change.detail) rows.push({ table: 'UCC_CallDetail', row: detailRow(change.detail) });
  for (const record of change.audit ?? []) {
    rows.push({ table: 'access_trail', row: auditRow(record) });
  }
  for (const session of change.sessions ?? []) {
    rows.push({ table: 'recording_sessions', row: sessionRow(session) });
  }
  for (const alarm of change.alarms ?? []) rows.push({ table: 'alarms', row: alarmRow(alarm) });
  for (const one of change.erasures ?? []) rows.push({ table: 'erasures', row: erasureRow(one) });
  if (change.configuration) {
    rows.push({ table: 'configuration', row: { id: 1, ...change.configuration } });
  }
  for (const one of change.derived ?? []) rows.push({ table: 'derived', row: derivedRow(one) });
  if (change.event) rows.push({ table: 'events', row: eventRow(change.event) });
  for (const event of change.furtherEvents ?? []) {
    rows.push({ table: 'events', row: eventRow(event) });
  }
  return rows;
}

function uccRow(ucc: Ucc): UccTable {
  return {
    name: ucc.name,
    use_audio_recording: Number(ucc.useAudioRecording),
    agent_can_edit_audio_recording: Number(ucc.agentCanEditAudioRecording),
    save_recording_by_default: Number(ucc.saveRecordingByDefault),
    record_from_start: Number(ucc.recordFromStart),
    on_pause_expiry: ucc.onPauseExpiry,
    max_pause_ms: ucc.maxPauseMs,
    pause_lookback_ms: ucc.pauseLookbackMs,
    suppress_dtmf: Number(ucc.suppressDtmf),
    retention_days: ucc.retentionDays,
    retention_spares_marked: Number(ucc.retentionSparesMarked),
    agents: JSON.stringify(ucc.agents),
    supervisors: JSON.stringify(ucc.supervisors),
  };
}

export function uccOf(row: UccTable): Ucc {
  return {
    name: row.name,
    useAudioRecording: Boolean(row.use_audio_recording),
    agentCanEditAudioRecording: Boolean(row.agent_can_edit_audio_recording),
    saveRecordingByDefault: Boolean(row.save_recording_by_default),
    recordFromStart: Boolean(row.record_from_start),
    onPauseExpiry: row.on_pause_expiry as Ucc['onPauseExpiry'],
    maxPauseMs: row.max_pause_ms,
    pauseLookbackMs: row.pause_lookback_ms,
    suppressDtmf: Boolean(row.suppress_dtmf),
    retentionDays: row.retention_days,
    retentionSparesMarked: Boolean(row.retention_spares_marked),
    agents: JSON.parse(row.agents) as string[],
    supervisors: JSON.parse(row.supervisors) as string[],
  };
}

function callRow(call: CallRecord): CallTable {
  return {
    id: call.id,
    correlation_id: call.correlationId,
    ucc_name: call.uccName,
    recording_state: call.recordingState,
    marking_state: call.markingState,
    saving_state: call.savingState,
    pause_confirmed: Number(call.pauseConfirmed),
    open_confirmed: Number(call.openConfirmed),
    paused_at: call.pausedAt,
    leases: JSON.stringify(call.leases),
    status: call.status,
    recorded: Number(call.recorded),
    version: call.version,
    first_sequence: call.firstSequence,
    last_sequence: call.lastSequence,
    began_at: call.beganAt,
    ended_at: call.endedAt,
    gap_started_at: call.gapStartedAt,
    length_ms: call.lengthMs,
    gap_ms: call.gaps?.lengthMs ?? null,
    gap_reasons: reasonBits(call.gaps?.reasons ?? []),
    parties: unchangingJson(call.parties),
    legal_hold: call.legalHold === null ? null : JSON.stringify(call.legalHold),
    health: call.health === null ? null : JSON.stringify(call.health),
    part: call.dialogue.part,
    dialogue: unchangingJson(call.dialogue),
    metadata_incomplete: call.metadataIncomplete?.join(' ') ?? null,
  };
}

export function callOf(row: CallTable): CallRecord {
  return {
    id: row.id,
    correlationId: row.correlation_id,
    uccName: row.ucc_name,
    recordingState: row.recording_state as RecordingState,
    markingState: row.marking_state as MarkingState,
    savingState: row.saving_state as SavingState,
    pauseConfirmed: Boolean(row.pause_confirmed),
    openConfirmed: Boolean(row.open_confirmed),
    pausedAt: numberOrNull(row.paused_at),
    leases: JSON.parse(row.leases) as CallRecord['leases'],
    status: row.status as CallStatus,
    recorded: Boolean(row.recorded),
    version: row.version,
    firstSequence: Number(row.first_sequence),
    lastSequence: Number(row.last_sequence),
    beganAt: Number(row.began_at),
    endedAt: numberOrNull(row.ended_at),
    gapStartedAt: numberOrNull(row.gap_started_at),
    lengthMs: numberOrNull(row.length_ms),
    gaps: gapSummaryOf(row),
    parties: JSON.parse(row.parties) as CallRecord['parties'],
    legalHold:
      row.legal_hold === null ? null : (JSON.parse(row.legal_hold) as CallRecord['legalHold']),
    health: row.health === null ? null : (JSON.parse(row.health) as CallRecord['health']),
    dialogue: dialogueOf(row),
    metadataIncomplete: (row.metadata_incomplete?.split(' ') ??
      null) as CallRecord['metadataIncomplete'],
  };
}

/** Returns a call's part of its dialogue; a call of an older release stands alone. */
function dialogueOf({ dialogue, ucc_name }: CallTable): DialoguePart {
  if (dialogue !== null) return JSON.parse(dialogue) as DialoguePart;
  return { ...firstDialoguePart(ucc_name), part: 0, firstPart: 0 };
}

/** Returns a bit per reason: a search by reason need not read the gap map. */
export function reasonBits(reasons: readonly GapReason[]): number {
  return reasons.reduce((bits, reason) => bits | (1 << gapReasons.indexOf(reason)), 0);
}

function gapSummaryOf({ gap_ms, gap_reasons }: CallTable): CallRecord['gaps'] {
  if (gap_ms === null) return null;
  const reasons = gapReasons.filter((_, bit) => (gap_reasons & (1 << bit)) !== 0);
  return { lengthMs: Number(gap_ms), reasons };
}

/** Returns a row for every spelling of each party, once, by which the call is found. */
function partyRows(call: CallRecord): CallPartyTable[] {
  const rows = new Map<string, CallPartyTable>();
  for (const { aor, role } of call.parties) {
    for (const party_key of partyKeys(aor)) {
      const is_agent = Number(role === 'agent' || rows.get(party_key)?.is_agent === 1);
      const { id: call_id, beganAt: began_at, uccName: ucc_name } = call;
      rows.set(party_key, { party_key, began_at, call_id, ucc_name, is_agent });
    }
  }
  return [...rows.values()];
}

/** Returns rows of its further UCCs: the call's row already names its own. */
function furtherUccRows({ id: call_id, beganAt: began_at, uccName, dialogue }: CallRecord) {
  const further = dialogue.uccs.filter((name) => name !== uccName);
  return further.map((ucc_name): CallUccTable => ({ ucc_name, began_at, call_id }));
}

function trackRow(track: TrackRecord): TrackTable {
  return {
    call_id: track.callId,
    track: track.track,
    label: track.label,
    aor: track.aor,
    role: track.role,
    codec: track.codec,
    clock_rate: track.clockRate,
    mixed: Number(track.mixed),
    start_position: track.startPosition,
    end_position: track.endPosition,
    initial_reason: track.initialReason,
    reason_changes: JSON.stringify(track.reasonChanges),
    clock_origin: track.clockOrigin === null ? null : JSON.stringify(track.clockOrigin),
    packets: JSON.stringify(track.packets),
    clock_wrong_ms: Math.round(track.clockWrongMs),
    presence: textOrNull(track.presence),
  };
}

export function trackOf(row: TrackTable): TrackRecord {
  return {
    callId: row.call_id,
    track: row.track,
    label: row.label,
    aor: row.aor,
    role: row.role as TrackRecord['role'],
    codec: row.codec as Codec,
    clockRate: row.clock_rate,
    mixed: Boolean(row.mixed),
    startPosition: numberOrNull(row.start_position),
    endPosition: numberOrNull(row.end_position),
    initialReason: row.initial_reason as GapReason | null,
    reasonChanges: JSON.parse(row.reason_changes),
    clockOrigin: row.clock_origin === null ? null : JSON.parse(row.clock_origin),
    packets: JSON.parse(row.packets) as TrackRecord['packets'],
    clockWrongMs: row.clock_wrong_ms,
    presence: row.presence === null ? null : JSON.parse(row.presence),
  };
}

function segmentRow(segment: SegmentRecord): SegmentTable {
  return {
    call_id: segment.callId,
    track: segment.track,
    segment: segment.segment,
    generation: segment.generation,
    wrapped_key: segment.wrappedKey?.toString('base64') ?? null,
    closed_by: segment.closedBy,
    sealed: textOrNull(segment.sealed),
  };
}

export function segmentOf(row: SegmentTable): SegmentRecord {
  return {
    callId: row.call_id,
    track: row.track,
    segment: row.segment,
    generation: row.generation,
    wrappedKey: row.wrapped_key === null ? null : Buffer.from(row.wrapped_key, 'base64'),
    closedBy: row.closed_by as SegmentRecord['closedBy'],
    sealed: row.sealed === null ? null : (JSON.parse(row.sealed) as SegmentRecord['sealed']),
  };
}

function sessionRow({ id, callId, streams, signalling }: SessionRecord): RecordingSessionTable {
  const texts = { streams: JSON.stringify(streams), signalling: JSON.stringify(signalling) };
  return { id, call_id: callId, ...texts };
}

export function sessionOf(row: RecordingSessionTable): SessionRecord {
  return {
    id: row.id,
    callId: row.call_id,
    streams: JSON.parse(row.streams) as SessionRecord['streams'],
    signalling: JSON.parse(row.signalling),
  };
}

function gapRow(gap: GapRecord): GapTable {
  return {
    call_id: gap.callId,
    track: gap.track,
    start: gap.start,
    length: gap.length,
    reason: gap.reason,
  };
}

export function gapOf(row: GapTable): GapRecord {
  return {
    callId: row.call_id,
    track: row.track,
    start: Number(row.start),
    length: Number(row.length),
    reason: row.reason as GapReason,
  };
}

function detailRow(detail: CallDetailRecord): CallDetailTable {
  return {
    ucc_name: detail.uccName,
    sequence: detail.sequence,
    call_id: detail.callId,
    correlation_id: detail.correlationId,
    detail: detail.detail,
    action: detail.action,
    requester: detail.requester,
    requested_at: detail.requestedAt,
    effective_at: detail.effectiveAt,
    streams: JSON.stringify(detail.streams),
  };
}

export function detailOf(row: CallDetailTable): CallDetailRecord {
  return {
    uccName: row.ucc_name,
    sequence: Number(row.sequence),
    callId: row.call_id,
    correlationId: row.correlation_id,
    detail: row.detail,
    action: row.action as StateAction,
    requester: row.requester,
    requestedAt: Number(row.requested_at),
    effectiveAt: Number(row.effective_at),
    streams: JSON.parse(row.streams) as CallDetailRecord['streams'],
  };
}

function eventRow(event: RecordingEvent): EventTable {
  return {
    ucc_name: event.uccName,
    sequence: event.sequence,
    position: event.position,
    type: event.type,
    call_id: event.callId,
    correlation_id: event.correlationId,
    at: event.at,
    action: event.action,
    requester: event.requester,
    owner: event.owner,
    alarm: event.alarm,
    recording_state: event.recordingState,
    marking_state: event.markingState,
    saving_state: event.savingState,
    gap_started_at: event.gapStartedAt,
    gap_ended_at: event.gapEndedAt,
  };
}

export function eventOf(row: EventTable): RecordingEvent {
  return {
    uccName: row.ucc_name,
    sequence: Number(row.sequence),
    position: Number(row.position),
    type: row.type as RecordingEventType,
    callId: row.call_id,
    correlationId: row.correlation_id,
    at: Number(row.at),
    action: row.action as RecordingEvent['action'],
    requester: row.requester,
    owner: row.owner,
    alarm: row.alarm as AlarmKind | null,
    recordingState: row.recording_state as RecordingState,
    markingState: row.marking_state as MarkingState,
    savingState: row.saving_state as SavingState,
    gapStartedAt: numberOrNull(row.gap_started_at),
    gapEndedAt: numberOrNull(row.gap_ended_at),
  };
}

const unchanging = new WeakMap<object, string>();

/** Caches the JSON of values that are replaced, never changed: most records of a call share one. */
function unchangingJson(value: object): string {
  const text = unchanging.get(value) ?? JSON.stringify(value);
  unchanging.set(value, text);
  return text;
}

function textOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function numberOrNull(value: number | string | null): number | null {
  return value === null ? null : Number(value);
}
