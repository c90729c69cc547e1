import type {
  AlarmTable,
  AuditTable,
  CallDetailTable,
  CallPartyTable,
  CallTable,
  CallUccTable,
  ClientTable,
  ClockAnchorTable,
  ConfigurationTable,
  DerivedTable,
  ErasureTable,
  EventTable,
  GapTable,
  KeyCheckTable,
  OwnershipTable,
  RecordingSessionTable,
  SegmentTable,
  TrackTable,
  UccTable,
  UserTable,
  WebhookCursorTable,
  WebhookDeadLetterTable,
  WebhookTable,
} from './tables.ts';

export interface Schema {
  uccs: UccTable;
  calls: CallTable;
  call_parties: CallPartyTable;
  call_uccs: CallUccTable;
  tracks: TrackTable;
  segments: SegmentTable;
  gaps: GapTable;
  UCC_CallDetail: CallDetailTable;
  events: EventTable;
  recording_sessions: RecordingSessionTable;
  webhooks: WebhookTable;
  webhook_cursors: WebhookCursorTable;
  webhook_dead_letters: WebhookDeadLetterTable;
  access_trail: AuditTable;
  alarms: AlarmTable;
  erasures: ErasureTable;
  derived: DerivedTable;
  users: UserTable;
  clients: ClientTable;
  ownership: OwnershipTable;
  key_checks: KeyCheckTable;
  configuration: ConfigurationTable;
  clock_anchors: ClockAnchorTable;
}

export type TableName = keyof Schema;

/** Tables whose rows are added and never changed: triggers refuse changes by anybody. */
export const appendOnlyTables: readonly TableName[] = ['access_trail'];

/** Primary keys: a commit inserts a row or replaces the one with the same key. */
export const primaryKeys = {
  uccs: ['name'],
  calls: ['id'],
  call_parties: ['party_key', 'began_at', 'call_id'],
  call_uccs: ['ucc_name', 'began_at', 'call_id'],
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
  erasures: ['id'],
  derived: ['call_id', 'kind'],
  users: ['name'],
  clients: ['id'],
  ownership: ['id'],
  key_checks: ['key_id'],
  configuration: ['id'],
  clock_anchors: ['boot_id'],
} as const satisfies Record<TableName, readonly string[]>;

/** Columns that no later commit of the row changes: neither they nor their indexes are updated. */
export const immutableColumns: readonly string[] = [
  'correlation_id',
  'ucc_name',
  'began_at',
  'part',
] satisfies (keyof CallTable)[];
