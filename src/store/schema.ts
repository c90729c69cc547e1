/**
 * Rows as both databases hold them: times are Unix ms, flags are 0 or 1, lists are JSON text.
 * Integers arrive as strings from PostgreSQL's bigint; `mapping.ts` converts.
 */
export interface UccTable {
  name: string;
  use_audio_recording: number;
  agent_can_edit_audio_recording: number;
  save_recording_by_default: number;
  record_from_start: number;
  on_pause_expiry: string;
  max_pause_ms: number;
  pause_lookback_ms: number;
  suppress_dtmf: number;
  agents: string;
  supervisors: string;
}

export interface CallTable {
  id: string;
  correlation_id: string;
  ucc_name: string;
  recording_state: number;
  marking_state: number;
  saving_state: number;
  pause_confirmed: number;
  paused_at: number | null;
  leases: string;
  status: string;
  recorded: number;
  version: number;
  first_sequence: number;
  last_sequence: number;
  began_at: number;
  ended_at: number | null;
  gap_started_at: number | null;
  length_ms: number | null;
  parties: string;
  health: string | null;
}

export interface TrackTable {
  call_id: string;
  track: number;
  label: string;
  aor: string | null;
  role: string;
  codec: string;
  clock_rate: number;
  mixed: number;
  start_position: number | null;
  end_position: number | null;
  initial_reason: string | null;
  clock_origin: string | null;
  reason_changes: string;
  packets: string;
}

export interface SegmentTable {
  call_id: string;
  track: number;
  segment: number;
  /** Base64; null once the key is destroyed. */
  wrapped_key: string | null;
  closed_by: string | null;
}

export interface GapTable {
  call_id: string;
  track: number;
  start: number;
  length: number;
  reason: string;
}

/** `UCC_CallDetail`: the name is the contract's, the columns are ours. */
export interface CallDetailTable {
  ucc_name: string;
  sequence: number;
  call_id: string;
  correlation_id: string;
  detail: string;
  action: number;
  requester: string;
  requested_at: number;
  effective_at: number;
  streams: string;
}

export interface EventTable {
  ucc_name: string;
  sequence: number;
  type: string;
  call_id: string;
  correlation_id: string;
  at: number;
  action: number | null;
  requester: string | null;
  owner: string | null;
  alarm: string | null;
  recording_state: number;
  marking_state: number;
  saving_state: number;
  gap_started_at: number | null;
  gap_ended_at: number | null;
}

/** Recording sessions in progress; a row goes when its session ends. */
export interface RecordingSessionTable {
  id: string;
  call_id: string;
  streams: string;
  signalling: string;
}

/** Deliveries of committed events. */
export interface WebhookTable {
  name: string;
  url: string;
  uccs: string;
  secret: string;
  enabled: number;
}

/** The last event of the UCC that the webhook has, or that was given up. */
export interface WebhookCursorTable {
  webhook: string;
  ucc_name: string;
  sequence: number;
}

export interface WebhookDeadLetterTable {
  webhook: string;
  ucc_name: string;
  sequence: number;
  attempts: number;
  last_status: number | null;
  reason: string;
  failed_at: number;
}

export interface AccessTable {
  id: string;
  at: number;
  who: string;
  client: string | null;
  address: string;
  door: string;
  action: string;
  ucc_name: string | null;
  correlation_id: string | null;
  call_id: string | null;
  outcome: string;
  reason: string | null;
  count: number;
}

export interface AlarmTable {
  id: string;
  kind: string;
  at: number;
  cleared_at: number | null;
  call_id: string | null;
  correlation_id: string | null;
  ucc_name: string | null;
  detail: string;
}

export interface UserTable {
  name: string;
  password_hash: string;
  roles: string;
  uccs: string;
  sip_uri: string | null;
  created_at: number;
  removed_at: number | null;
}

export interface ClientTable {
  id: string;
  secret_hash: string;
  created_at: number;
  removed_at: number | null;
}

export interface Schema {
  uccs: UccTable;
  calls: CallTable;
  tracks: TrackTable;
  segments: SegmentTable;
  gaps: GapTable;
  UCC_CallDetail: CallDetailTable;
  events: EventTable;
  recording_sessions: RecordingSessionTable;
  webhooks: WebhookTable;
  webhook_cursors: WebhookCursorTable;
  webhook_dead_letters: WebhookDeadLetterTable;
  access_trail: AccessTable;
  alarms: AlarmTable;
  users: UserTable;
  clients: ClientTable;
}

export type TableName = keyof Schema;

/** Rows are added here and never changed: triggers refuse it to everybody. */
export const appendOnlyTables: readonly TableName[] = ['access_trail'];

/** What makes a row the same row: a commit of it inserts or replaces. */
export const primaryKeys = {
  uccs: ['name'],
  calls: ['id'],
  tracks: ['call_id', 'track'],
  segments: ['call_id', 'track', 'segment'],
  gaps: ['call_id', 'track', 'start'],
  UCC_CallDetail: ['ucc_name', 'sequence'],
  events: ['ucc_name', 'sequence'],
  recording_sessions: ['id'],
  webhooks: ['name'],
  webhook_cursors: ['webhook', 'ucc_name'],
  webhook_dead_letters: ['webhook', 'ucc_name', 'sequence'],
  access_trail: ['id'],
  alarms: ['id'],
  users: ['name'],
  clients: ['id'],
} as const satisfies Record<TableName, readonly string[]>;

/**
 * Columns that no later commit of the row changes: they are left alone, and so are their indexes.
 */
export const immutableColumns: readonly string[] = [
  'correlation_id',
  'ucc_name',
  'began_at',
] satisfies (keyof CallTable)[];
