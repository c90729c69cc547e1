import type { AlarmRecord } from '../model/alarm.ts';
import type { AuditFilter, AuditRecord } from '../model/audit-record.ts';
import type { CallDetailRecord } from '../model/call-detail.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { SeenConfiguration } from '../model/configuration.ts';
import type { ErasureRecord } from '../model/erasure.ts';
import type { GapRecord } from '../model/gap.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import type { SessionRecord } from '../model/recording-session.ts';
import type { SegmentRecord } from '../model/segment.ts';
import type { TrackRecord } from '../model/track.ts';
import type { Ucc } from '../model/ucc.ts';
import type { Doubtful, EventStore } from './event-store.ts';
import type { RecordingFilter, RecordingPage } from './recording-search.ts';
import type { DerivedRecord } from './retention-store.ts';

/** Everything that one decision writes; it is durable as a whole or not at all. */
export interface Change {
  readonly call?: CallRecord;
  /** The call to index by its parties. */
  readonly partiesOf?: CallRecord;
  /** The call to index by its further UCCs: all but its own. */
  readonly uccsOf?: CallRecord;
  readonly tracks?: readonly TrackRecord[];
  readonly segments?: readonly SegmentRecord[];
  readonly gaps?: readonly GapRecord[];
  readonly detail?: CallDetailRecord;
  readonly event?: RecordingEvent;
  /** The same events, as the call's further UCCs are told them. */
  readonly furtherEvents?: readonly RecordingEvent[];
  readonly ucc?: Ucc;
  readonly audit?: readonly AuditRecord[];
  readonly sessions?: readonly SessionRecord[];
  readonly alarms?: readonly AlarmRecord[];
  readonly erasures?: readonly ErasureRecord[];
  readonly derived?: readonly DerivedRecord[];
  readonly configuration?: SeenConfiguration;
  /** Nobody waits for it: it is committed with the next change, or a moment later. */
  readonly mayWait?: boolean;
}

/** Rows. Commits of one event-loop turn share a transaction; a resolved commit is durable. */
export interface Store extends EventStore {
  /** @throws StoreUnavailableError: nothing was written; OutcomeUnknownError: unknown */
  commit(change: Change): Promise<void>;
  takeBack(doubtful: Doubtful): Promise<void>;
  mustAnswer(): Promise<void>;
  uccs(): Promise<Ucc[]>;
  /** Returns the configuration as the previous start saw it. */
  configuration(): Promise<SeenConfiguration | undefined>;
  /** Returns calls in progress, or ended and not settled yet. */
  unsettledCalls(): Promise<CallRecord[]>;
  /** Returns the newest call of that correlation id, ended or not. */
  lastCall(correlationId: string): Promise<CallRecord | undefined>;
  /** Returns the dialogue's parts, the first one first. */
  dialogueParts(of: CallRecord): Promise<CallRecord[]>;
  sessions(): Promise<SessionRecord[]>;
  /** Forgets the recording session; a missing one is no error. */
  endSession(id: string): Promise<void>;
  call(id: string): Promise<CallRecord | undefined>;
  recordings(filter: RecordingFilter): Promise<RecordingPage>;
  tracks(callId: string): Promise<TrackRecord[]>;
  segments(callId: string): Promise<SegmentRecord[]>;
  gaps(callId: string): Promise<GapRecord[]>;
  details(call: CallRecord): Promise<CallDetailRecord[]>;
  /** Returns audit rows, newest first. */
  auditLog(filter: AuditFilter): Promise<AuditRecord[]>;
  /** Destroys the call's keys for good; `forgetKeys` erases their remains in the store's log. */
  destroyKeys(callId: string): Promise<void>;
  close(): Promise<void>;
}
