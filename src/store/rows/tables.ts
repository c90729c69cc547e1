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
  retention_days: number;
  retention_spares_marked: number;
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
  open_confirmed: number;
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
  /** Gap of the track that has the most; null until the recording is kept. */
  gap_ms: number | null;
  /** A bit per reason, in the order of `gapReasons`. */
  gap_reasons: number;
  parties: string;
  legal_hold: string | null;
  health: string | null;
  /** Position among the parts of its correlation id; 0 for older releases. */
  part: number;
  dialogue: string | null;
  metadata_incomplete: string | null;
}

/** Further UCCs of a call, which was transferred to them while in progress. */
export interface CallUccTable {
  ucc_name: string;
  began_at: number;
  call_id: string;
}

/** Parties that a recording is found by, in a table of their own, in list order. */
export interface CallPartyTable {
  party_key: string;
  began_at: number;
  call_id: string;
  ucc_name: string;
  is_agent: number;
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
  clock_wrong_ms: number;
  presence: string | null;
}

export interface SegmentTable {
  call_id: string;
  track: number;
  segment: number;
  generation: number;
  /** Base64; null once the key is destroyed. */
  wrapped_key: string | null;
  closed_by: string | null;
  sealed: string | null;
}

export interface GapTable {
  call_id: string;
  track: number;
  start: number;
  length: number;
  reason: string;
}

/** `UCC_CallDetail`: the name is the contract's, the columns are Hush's. */
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
  /** Order of commits across UCCs. */
  position: number;
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

/** Recording sessions in progress; a row is deleted when its session ends. */
export interface RecordingSessionTable {
  id: string;
  call_id: string;
  streams: string;
  signalling: string;
}

/** Subscriptions to committed events. */
export interface WebhookTable {
  name: string;
  url: string;
  uccs: string;
  secret: string;
  enabled: number;
}

/** The UCC's last event that the webhook received, or that was given up. */
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

/** The audit log; older releases called it `access_trail`. */
export interface AuditTable {
  id: string;
  at: number;
  who: string;
  client: string | null;
  address: string;
  door: string;
  requester: string | null;
  action: string;
  ucc_name: string | null;
  correlation_id: string | null;
  call_id: string | null;
  outcome: string;
  reason: string | null;
  count: number;
  before: string | null;
  after: string | null;
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
  /** Rises with every change that ends earlier tokens. */
  generation: number;
}

export interface ClientTable {
  id: string;
  secret_hash: string;
  created_at: number;
  removed_at: number | null;
  generation: number;
}

/** Erasures of recordings; the rows outlive what they refer to. */
export interface ErasureTable {
  id: string;
  call_id: string;
  correlation_id: string;
  ucc_name: string;
  start_ms: number | null;
  end_ms: number | null;
  reason: string;
  requested_by: string;
  requested_at: number;
  state: string;
  destroyed: string;
  keys_destroyed_at: number | null;
  done_at: number | null;
}

/** Files derived from a recording's audio. */
export interface DerivedTable {
  call_id: string;
  kind: string;
  generation: number;
  /** Base64; null once the key is destroyed. */
  wrapped_key: string | null;
}

/** The single row of the database's owner. */
export interface OwnershipTable {
  id: number;
  /** Rises with each owner. */
  epoch: number;
  /** `FolderLock.identity` of the owner's data folder. */
  folder: string;
  /** 1 if the owner stopped in order. */
  ended: number;
  /** Identifies the store, and every copy of it; null for an older release. */
  instance: string | null;
  /** JSON of `StorePlace`: where the owner worked on it; null for an older release. */
  place: string | null;
}

/** A known text under each master key that may have sealed something in the store. */
export interface KeyCheckTable {
  key_id: string;
  /** Base64 */
  sealed: string;
}

/** One row: the configuration of the last start. */
export interface ConfigurationTable {
  /** Always 1. */
  id: number;
  /** JSON of settings by their paths, without secrets. */
  settings: string;
  /** A hash of all secrets together; null if there were none. */
  secrets: string | null;
}

/** The last time at which the wall clock was believed, per boot. */
export interface ClockAnchorTable {
  boot_id: string;
  /** Rises each time the clock is believed. */
  belief: number;
  at: number;
  monotonic_ms: number;
}
