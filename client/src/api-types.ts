// Written by `npm run client-types` from api/openapi.json: do not edit.

export interface AccessToken {
  readonly access_token: string;
  /** Seconds */
  readonly expires_in: number;
  readonly token_type: string;
}

export interface Alarm {
  readonly id: string;
  readonly kind: AlarmKind;
  readonly at: string;
  /** null while it is open; the same as `at` where it tells of a moment */
  readonly clearedAt: string | null;
  readonly callId: string | null;
  readonly correlationId: string | null;
  readonly uccName: string | null;
  readonly detail: string;
}

export type AlarmKind = 'fenceTimeout' | 'storageFailed' | 'storeFailed' | 'workerDied' | 'sessionLost' | 'pauseExpired' | 'correlationConflict' | 'settlementFailed' | 'webhookDeadLetter' | 'mediaMissing' | 'mediaOneSided' | 'mediaStopped' | 'mediaUnauthenticated' | 'mediaForeign' | 'mediaLossy' | 'recorderUnavailable' | 'inviteRefused' | 'metadataIncomplete' | 'erasureFailed' | 'uploadFailed' | 'spoolFull' | 'passwordGuessing' | 'logFailed' | 'signInsGuessed' | 'retentionHeld' | 'bucketShared' | 'audioDamaged' | 'audioMissing' | 'dailySummary';

export type ApiSurface = 'v1' | 'v2' | 'api' | 'hub' | 'issuer' | 'cli' | 'config' | 'hush';

export interface ArchiveCheck {
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly failure: string | null;
  readonly progress: ArchiveReport;
}

export interface ArchiveCheckRequest {
  /** Open every chunk of every recording */
  readonly deep?: boolean;
  /** Remove orphans */
  readonly remove?: boolean;
}

export interface ArchiveFinding {
  readonly kind: 'orphan' | 'stranger' | 'missing' | 'damaged';
  readonly path: string;
  readonly detail: string;
}

export interface ArchiveReport {
  /** On disk and in the bucket */
  readonly files: number;
  readonly bytes: number;
  /** That have a key */
  readonly segments: number;
  /** Files that no key opens */
  readonly orphans: number;
  /** Files of no call that is known here; never removed */
  readonly strangers: number;
  /** Segments without a file */
  readonly missing: number;
  /** Segments that are not what was sealed */
  readonly damaged: number;
  readonly removed: number;
  readonly findings: readonly ArchiveFinding[];
}

export type AssuranceReason = 'noMedia' | 'nothingKept' | 'oneSided' | 'streamSilent' | 'partyMissing' | 'audioLost' | 'interrupted' | 'audioDamaged' | 'audioMissing' | 'unattended' | 'clockWrong' | 'queueOverflowed' | 'foreignMedia' | 'mediaStopped' | 'srtpFailed' | 'storageFailed' | 'workerDied' | 'sessionLost' | 'recorderUnavailable' | 'fenceUnconfirmed' | 'tooShort' | 'metadataIncomplete' | 'notAsked';

export interface AudioTicket {
  /** Below the address of Hush */
  readonly url: string;
}

export type AuditOutcome = 'ok' | 'refused' | 'denied' | 'failed';

export interface AuditRecord {
  readonly id: string;
  readonly at: string;
  /** User name; anonymous without a token */
  readonly who: string;
  readonly client: string | null;
  readonly address: string;
  readonly surface: ApiSurface;
  /** RequesterSipUri of a command */
  readonly requester: string | null;
  /** Pause, listen, token, user add, GET /api/calls ... */
  readonly action: string;
  readonly uccName: string | null;
  readonly correlationId: string | null;
  readonly callId: string | null;
  readonly outcome: AuditOutcome;
  /** Of ok: the reason that was given; else why not */
  readonly reason: string | null;
  /** How many like it the row stands for */
  readonly count: number;
  /** What a change changed: of lists what was taken out (before) and put in (after) */
  readonly before: Readonly<Record<string, unknown>> | null;
  /** What a change changed: of lists what was taken out (before) and put in (after) */
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface Call {
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** Every UCC that has had a recording session in it */
  readonly uccNames: readonly string[];
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /** Counts every change of state */
  readonly version: number;
  readonly beganAt: string;
  readonly parties: readonly Party[];
  /** Why its metadata may not say all; null where nothing was amiss */
  readonly metadataIncomplete: readonly MetadataFault[] | null;
  readonly pausedBy: readonly string[];
  /** Since when the recorder keeps nothing; null while it keeps audio */
  readonly notKeptSince: string | null;
  /** Open, of this call: it needs a look */
  readonly alarms: readonly AlarmKind[];
  readonly streams: readonly CallStream[];
}

export interface CallEvent {
  readonly sequence: number;
  readonly type: RecordingEventType;
  readonly uccName: string;
  readonly correlationId: string;
  readonly recordingId: string;
  readonly at: string;
  readonly action: string | null;
  readonly requester: string | null;
  readonly owner: string | null;
  readonly alarm: string | null;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  readonly gapStartedAt: string | null;
  readonly gapEndedAt: string | null;
}

export interface CallHealth {
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly status: CallStatus;
  /** Of a live call: as it stands now */
  readonly verdict: Verdict;
  readonly reasons: readonly ({
    readonly code: AssuranceReason;
    readonly words: string;
  })[];
  readonly pauses: number;
  readonly tracks: readonly TrackHealth[];
}

export interface CallLevels {
  readonly id: string;
  readonly tracks: readonly TrackLevel[];
}

export type CallStatus = 'live' | 'finishing' | 'deleting' | 'kept' | 'destroyed' | 'empty';

export interface CallStream {
  readonly track: number;
  readonly label: string;
  readonly aor: string | null;
  /** Several parties in one stream */
  readonly mixed: boolean;
  readonly codec: string;
  /** SRTP */
  readonly encrypted: boolean;
  readonly held: boolean;
}

export interface CallToLookAt {
  readonly callId: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly beganAt: string;
  readonly verdict: 'degraded' | 'missing';
  readonly reasons: readonly string[];
}

export interface Caller {
  readonly name: string;
  /** Let in without a token */
  readonly isAnonymous: boolean;
  readonly roles: readonly Role[];
  readonly permissions: readonly Permission[];
  readonly seesAllUccs: boolean;
}

export interface Client {
  readonly id: string;
  readonly createdAt: string;
}

export interface ClientSecret {
  readonly id: string;
  /** Made by Hush just now; shown this once */
  readonly secret: string;
}

export interface ContractCapabilities {
  readonly AgentCanEditRecordings: boolean;
  readonly ErrorMessage: ContractErrorMessage | null;
  readonly UCCName: string | null;
}

/** Property names match without regard to case. */
export interface ContractCommandRequest {
  /** The number, the name in any case, or the number in a string */
  readonly Action: StateActionNumber | StateAction | string;
  /** SIP or tel URI of an agent or supervisor */
  readonly RequesterSipUri: string;
  readonly CorrelationId: string;
  readonly UCCName: string;
}

export interface ContractErrorMessage {
  /** Configuration 1, Validation 2, Processing 3 (retryable) */
  readonly ErrorType: ErrorType;
  readonly Message: string;
}

export interface ContractStateAnswer {
  readonly CorrelationId: string | null;
  /** Uninitialized 0, Started 1, Stopped 2, Paused 3 */
  readonly RecordingState: RecordingStateNumber;
  /** None 0, Mark 1, Unmark 2 */
  readonly MarkingState: MarkingStateNumber;
  /** None 0, Save 1, Delete 2 */
  readonly SavingState: SavingStateNumber;
  readonly ErrorMessage: ContractErrorMessage | null;
  readonly UCCName: string | null;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** Answer a renewalToken too */
  readonly renewable?: boolean;
}

export interface DailySummary {
  readonly date: string;
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
  readonly uccs: readonly UccSummary[];
  /** Worst first, at most 200 */
  readonly lookAt: readonly CallToLookAt[];
  readonly lookAtCount: number;
}

export interface DeadLetter {
  readonly uccName: string;
  readonly sequence: number;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly reason: 'rejected' | 'timeout' | 'unreachable' | 'addressRefused';
  readonly failedAt: string;
}

export interface DestroyedSegment {
  readonly track: number;
  readonly segment: number;
  readonly generation: number;
  /** Of the wrapped key that was destroyed */
  readonly keySha256: string;
  readonly bytes: number | null;
  /** What was found of it. damaged: some of it was not what was sealed; missing: its file was not there; unopened: no master key opened its key; null: nobody looked */
  readonly found: 'whole' | 'damaged' | 'missing' | 'unopened' | null;
  /** Of audio that could not be opened any more: a gap `lost` */
  readonly lostMs: number;
}

/** A receipt: startMs and endMs are null where the whole recording was erased */
export interface Erasure {
  readonly id: string;
  readonly recordingId: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  /** begun: will be carried out; keysRemoved: no row holds the keys, the log of the database still may; keysDestroyed: nobody can open the audio any more, bytes may still be in a bucket; done: those are gone too */
  readonly state: 'begun' | 'keysRemoved' | 'keysDestroyed' | 'done';
  readonly keysDestroyedAt: string | null;
  readonly doneAt: string | null;
  readonly destroyed: readonly DestroyedSegment[];
}

export interface ErasureRequest {
  /** Why; kept for ever in the audit log */
  readonly reason: string;
  /** True: all of it */
  readonly whole?: boolean;
  /** From its beginning */
  readonly startMs?: number;
  readonly endMs?: number;
}

export type ErrorType = 1 | 2 | 3;

export interface FirstAdmin {
  /** As the log has it */
  readonly code: string;
  readonly name: string;
  readonly password: string;
}

export interface Gap {
  /** From the recording's first sample */
  readonly startMs: number;
  readonly lengthMs: number;
  /** At the track's clockRate */
  readonly startSample: number;
  /** At the track's clockRate */
  readonly samples: number;
  readonly reason: GapReason;
}

export type GapReason = 'api' | 'lease' | 'hold' | 'stop' | 'loss' | 'restart' | 'dtmf' | 'silence' | 'erased' | 'guard' | 'unattended' | 'lost';

export interface GapSummary {
  /** Without audio in all, on the worse of its tracks */
  readonly lengthMs: number;
  readonly reasons: readonly GapReason[];
}

export interface Health {
  readonly status: 'ready' | 'notReady';
  readonly version: string;
}

export interface HealthDetails {
  readonly status: 'ready' | 'degraded' | 'starting' | 'stopping';
  readonly version: string;
  readonly recorder: 'available' | 'unavailable';
  readonly store: 'available' | 'unavailable';
  readonly callsInProgress: number;
}

/** More at /api/calls/{id}/health */
export interface HealthSummary {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
}

export interface HeldRetention {
  /** The wall clock is not believed; more are due than archive.maxDestroyedPerPass */
  readonly reason: 'clock' | 'number';
  readonly detail: string;
  /** That would be destroyed */
  readonly recordings: number;
  readonly uccs: readonly ({
    readonly uccName: string;
    readonly recordings: number;
    readonly beganBefore: string;
  })[];
}

export interface KeyRotation {
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly failure: string | null;
  readonly progress: KeyRotationProgress;
}

export interface KeyRotationProgress {
  /** Names the current master key without telling it */
  readonly keyId: string;
  /** Keys that were looked at */
  readonly looked: number;
  readonly rewrapped: number;
  /** Keys that no master key opens: they stay as they are */
  readonly unopened: number;
}

export interface LegalHold {
  readonly reason: string;
  readonly owner: string;
  readonly placedAt: string;
}

export interface LegalHoldRelease {
  /** Why; kept for ever in the audit log */
  readonly reason?: string;
}

export interface LegalHoldRequest {
  /** Why; kept for ever in the audit log */
  readonly reason: string;
}

export type MarkingState = 'None' | 'Mark' | 'Unmark';

export type MarkingStateNumber = 0 | 1 | 2;

export type MetadataFault = 'malformed' | 'namespace' | 'root' | 'doctype' | 'charset' | 'tooLarge' | 'tooDeep' | 'tooManyElements' | 'tooLong' | 'contentType' | 'boundary' | 'truncated' | 'partHeaders' | 'tooManyParts' | 'transferEncoding' | 'sessionId';

export interface Party {
  /** SIP URI or phone number */
  readonly aor: string;
  readonly name: string | null;
  readonly role: PartyRole;
}

export type PartyRole = 'agent' | 'other';

export interface Pause {
  /** `api`, `hold`, or whose lease it is */
  readonly owner: string;
  readonly reason: string | null;
  readonly since: string | null;
  readonly expiresAt: string | null;
  /** Not renewed in time, and holding all the same */
  readonly expired: boolean;
  /** Whether it is a lease that the caller took */
  readonly isYours: boolean;
}

export type PauseExpiry = 'keep' | 'resume' | 'stop';

export interface PauseRenewal {
  /** How long the pause holds unless it is renewed */
  readonly ttlMs?: number;
  /** SIP or tel URI of the agent or supervisor on whose behalf it is asked for */
  readonly requester?: string;
}

export interface PauseRequest {
  /** SIP or tel URI of the agent or supervisor on whose behalf it is asked for */
  readonly requester?: string;
  readonly owner: string;
  readonly reason?: string;
  /** How long the pause holds unless it is renewed */
  readonly ttlMs: number;
  /** Erase this much of what came before; default and limit: the UCC's */
  readonly lookbackMs?: number;
}

export interface Pauses {
  readonly callId: string;
  readonly version: number;
  readonly recordingState: RecordingState;
  /** Whether the gate is open */
  readonly keepsAudio: boolean;
  readonly effectiveAt: string | null;
  readonly sequence: number | null;
  readonly pauses: readonly Pause[];
}

export interface PeaksGap {
  readonly track: number;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly reason: GapReason;
}

export type Permission = 'readStates' | 'command' | 'overridePause' | 'readCalls' | 'readEvents' | 'readRecordings' | 'listen' | 'holdRecordings' | 'erase' | 'readArchive' | 'changeArchive' | 'readUccs' | 'changeUccs' | 'readWebhooks' | 'changeWebhooks' | 'readPeople' | 'changePeople' | 'readMetrics' | 'readAuditLog' | 'readAssurance' | 'reconcile';

/** Problem details (RFC 9457) */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
}

export interface Receipt {
  readonly action: string;
  /** The row in UCC_CallDetail */
  readonly detail: string;
  readonly requester: string;
  readonly requestedAt: string;
  readonly effectiveAt: string;
  readonly sequence: number;
  readonly streams: readonly ReceiptStream[];
}

export interface ReceiptStream {
  readonly track: number;
  readonly lastSequence: number | null;
  readonly lastPosition: number | null;
  readonly guardMs?: number | null;
}

export interface Reconciliation {
  readonly complete: readonly string[];
  readonly degraded: readonly ({
    readonly correlationId: string;
    readonly callId: string;
    readonly reasons: readonly string[];
  })[];
  readonly destroyed: readonly string[];
  readonly inProgress: readonly string[];
  readonly missing: readonly ({
    readonly correlationId: string;
    readonly why: 'neverSeen' | 'notRecorded' | 'tooShort' | 'nothingKept';
  })[];
}

export interface ReconciliationRequest {
  readonly correlationIds: readonly string[];
}

export interface RecordedTrack {
  readonly track: number;
  readonly label: string;
  readonly aor: string | null;
  readonly role: string;
  readonly codec: string;
  /** Of the RTP clock, Hz: 8000 for G722, 48000 for OPUS */
  readonly clockRate: number;
  /** Several parties in one stream */
  readonly mixed: boolean;
  readonly packets: Readonly<Record<string, unknown>>;
  readonly gaps: readonly Gap[];
}

export interface Recording {
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** Every UCC that has had a recording session in it */
  readonly uccNames: readonly string[];
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /** Counts every change of state */
  readonly version: number;
  readonly beganAt: string;
  readonly parties: readonly Party[];
  /** Why its metadata may not say all; null where nothing was amiss */
  readonly metadataIncomplete: readonly MetadataFault[] | null;
  /** `finishing`: to be kept, not to be heard yet. `deleting`: to be destroyed, not to be heard any more, and saved all the same by a Save that comes in time */
  readonly status: RecordingStatus;
  readonly endedAt: string | null;
  readonly lengthMs: number | null;
  readonly gaps: GapSummary | null;
  readonly legalHold: LegalHold | null;
  readonly health: HealthSummary | null;
}

export interface RecordingDetail {
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** Every UCC that has had a recording session in it */
  readonly uccNames: readonly string[];
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /** Counts every change of state */
  readonly version: number;
  readonly beganAt: string;
  readonly parties: readonly Party[];
  /** Why its metadata may not say all; null where nothing was amiss */
  readonly metadataIncomplete: readonly MetadataFault[] | null;
  /** `finishing`: to be kept, not to be heard yet. `deleting`: to be destroyed, not to be heard any more, and saved all the same by a Save that comes in time */
  readonly status: RecordingStatus;
  readonly endedAt: string | null;
  readonly lengthMs: number | null;
  readonly gaps: GapSummary | null;
  readonly legalHold: LegalHold | null;
  readonly health: HealthSummary | null;
  readonly tracks: readonly RecordedTrack[];
  readonly receipts: readonly Receipt[];
}

export type RecordingEventType = 'callBegan' | 'callUpdated' | 'recordingStateChanged' | 'pauseTaken' | 'pauseReleased' | 'pauseExpired' | 'callEnded' | 'recordingSaved' | 'recordingDestroyed' | 'recordingErased' | 'legalHoldPlaced' | 'legalHoldReleased' | 'alarmRaised' | 'alarmCleared';

export type RecordingFormat = 'wav' | 'opus' | 'flac';

export interface RecordingPage {
  readonly items: readonly Recording[];
  readonly nextCursor: string | null;
}

export interface RecordingPeaks {
  readonly lengthMs: number;
  readonly pointsPerSecond: number;
  readonly channels: readonly ({
    readonly side: 'left' | 'right';
    readonly tracks: readonly number[];
    readonly min: readonly number[];
    readonly max: readonly number[];
    readonly gaps: readonly PeaksGap[];
  })[];
}

export type RecordingState = 'Uninitialized' | 'Started' | 'Stopped' | 'Paused';

export type RecordingStateNumber = 0 | 1 | 2 | 3;

export type RecordingStatus = 'live' | 'finishing' | 'deleting' | 'kept' | 'destroyed';

export interface Renewal {
  readonly renewalToken: string;
}

export interface Retention {
  readonly held: HeldRetention | null;
}

export interface RetentionConfirmation {
  /** How many were seen to be held */
  readonly recordings: number;
}

export type Role = 'integrator' | 'agent' | 'supervisor' | 'auditor' | 'admin';

export interface SavedWebhook {
  readonly name: string;
  readonly url: string;
  /** Empty: all of them */
  readonly uccs: readonly string[];
  /** Switched off by an answer of 410 */
  readonly enabled: boolean;
  /** Made by Hush just now; shown this once */
  readonly secret?: string;
}

export type SavingState = 'None' | 'Save' | 'Delete';

export type SavingStateNumber = 0 | 1 | 2;

export interface Sidecar {
  readonly recordingId: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly beganAt: string;
  readonly endedAt: string | null;
  readonly lengthMs: number;
  readonly parties: readonly Party[];
  readonly tracks: readonly ({
    readonly track: number;
    readonly label: string;
    readonly aor: string | null;
    readonly role: string;
    readonly codec: string;
    readonly channels: readonly ('left' | 'right')[];
    readonly gaps: readonly SidecarGap[];
  })[];
  readonly marks: readonly ({
    /** From the beginning of the recording */
    readonly atMs: number;
    readonly action: 'Mark' | 'UnMark';
    readonly requester: string;
    readonly markedAt: string;
  })[];
}

export interface SidecarGap {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly reason: GapReason;
}

export interface SignInIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

export interface SignInToken {
  readonly token: string;
  readonly expiresInMs: number;
}

export interface SignInWays {
  /** By name and password, at POST /api/sign-in */
  readonly password: boolean;
  /** Nobody is there yet: the code of the log makes an admin */
  readonly firstAdmin: boolean;
  /** By authorization code with PKCE (RFC 7636), as a public client */
  readonly issuers: readonly SignInIssuer[];
}

export interface SignedIn {
  readonly token: string;
  readonly expiresInMs: number;
  /** Good for tokens of the next 12 hours, and for nothing else */
  readonly renewalToken?: string;
}

export type StateAction = 'Start' | 'Stop' | 'Pause' | 'Save' | 'Delete' | 'Mark' | 'UnMark';

export type StateActionNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface Storage {
  /** False after a failed write, until one works again */
  readonly takesWrites: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What waits for the bucket; null where there is none */
  readonly spool: {
    readonly bytes: number;
    readonly maxBytes: number;
  } | null;
}

export interface TokenError {
  readonly error: string;
  readonly error_description: string;
}

export interface TokenRequest {
  readonly grant_type: 'password';
  /** Unless the client is named by HTTP Basic */
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly username: string;
  readonly password: string;
  readonly scope?: string;
}

export interface TrackHealth {
  readonly track: number;
  readonly aor: string | null;
  /** From its first packet to its last */
  readonly expectedMs: number;
  readonly keptMs: number;
  /** On purpose: paused, held, stopped, digits, silence */
  readonly absentMs: number;
  readonly lostMs: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Of the lost: not read in time */
  readonly packetsOverflowed?: number;
  /** Of the packets that were sent, 0 to 1 */
  readonly lossShare: number;
  readonly jitterMs: number | null;
  /** Beside its time by more than 20 ms */
  readonly clockWrongMs: number;
}

export interface TrackLevel {
  readonly track: number;
  readonly aor: string | null;
  readonly role: PartyRole;
  /** Of the newest 300 ms, -96 to 0; null: nothing is being recorded */
  readonly dbfs: number | null;
}

export interface Ucc {
  readonly name: string;
  /** Record at all; default false */
  readonly useAudioRecording: boolean;
  /** May be commanded; default false */
  readonly agentCanEditAudioRecording: boolean;
  /** Kept unless deleted; default true */
  readonly saveRecordingByDefault: boolean;
  /** False: nothing until the first Start */
  readonly recordFromStart: boolean;
  /** Of a pause of the Hush API that nobody renewed; default keep */
  readonly onPauseExpiry: PauseExpiry;
  /** A longer pause raises an alarm; 0: never; default 15 minutes */
  readonly maxPauseMs: number;
  /** Audio that a Pause erases afterwards, held in memory until then; default 0 */
  readonly pauseLookbackMs: number;
  /** Digits that are heard as tones are left out of the recording; default true */
  readonly suppressDtmf: boolean;
  /** Recordings are destroyed so many days after they began; 0, the default: never */
  readonly retentionDays: number;
  /** Marked recordings are kept all the same; default true. A legal hold always is */
  readonly retentionSparesMarked: boolean;
  readonly agents: readonly string[];
  readonly supervisors: readonly string[];
}

export interface UccSettings {
  /** Record at all; default false */
  readonly useAudioRecording?: boolean;
  /** May be commanded; default false */
  readonly agentCanEditAudioRecording?: boolean;
  /** Kept unless deleted; default true */
  readonly saveRecordingByDefault?: boolean;
  /** False: nothing until the first Start */
  readonly recordFromStart?: boolean;
  /** Of a pause of the Hush API that nobody renewed; default keep */
  readonly onPauseExpiry?: PauseExpiry;
  /** A longer pause raises an alarm; 0: never; default 15 minutes */
  readonly maxPauseMs?: number;
  /** Audio that a Pause erases afterwards, held in memory until then; default 0 */
  readonly pauseLookbackMs?: number;
  /** Digits that are heard as tones are left out of the recording; default true */
  readonly suppressDtmf?: boolean;
  /** Recordings are destroyed so many days after they began; 0, the default: never */
  readonly retentionDays?: number;
  /** Marked recordings are kept all the same; default true. A legal hold always is */
  readonly retentionSparesMarked?: boolean;
  readonly agents?: readonly string[];
  readonly supervisors?: readonly string[];
  /** Why; needed where recordings are to be destroyed sooner. No setting */
  readonly reason?: string;
}

export interface UccSummary {
  readonly uccName: string;
  /** Begun on the day */
  readonly calls: number;
  /** That were to be recorded */
  readonly recorded: number;
  readonly kept: number;
  readonly complete: number;
  readonly degraded: number;
  readonly missing: number;
  /** Over before audio could be expected; no other count */
  readonly tooShort: number;
  /** In progress, or of an older release */
  readonly unjudged: number;
  /** By flag */
  readonly destroyed: number;
  readonly keptMs: number;
  readonly pauses: number;
  readonly unconfirmedFences: number;
  /** Calls were to be recorded, and nothing is kept */
  readonly nothingKept: boolean;
  readonly alarms: Readonly<Record<string, unknown>>;
}

export interface User {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly uccs: readonly string[];
  readonly sipUri: string | null;
  readonly createdAt: string;
}

export interface UserSettings {
  readonly roles: readonly Role[];
  readonly uccs?: readonly string[];
  /** Whom the user speaks as; an agent needs one */
  readonly sipUri?: string | null;
  /** Of a new user; or in the place of the one there is */
  readonly password?: string;
}

export type Verdict = 'complete' | 'degraded' | 'missing';

export interface Webhook {
  readonly name: string;
  readonly url: string;
  /** Empty: all of them */
  readonly uccs: readonly string[];
  /** Switched off by an answer of 410 */
  readonly enabled: boolean;
}

export interface WebhookSettings {
  /** http or https */
  readonly url: string;
  readonly uccs?: readonly string[];
  /** whsec_ and 24 to 64 bytes in base64; without it the old one, or a new one */
  readonly secret?: string;
  /** Default true */
  readonly enabled?: boolean;
}

/** Every operation of the API by its method and path: what it takes, and what it answers. */
export interface Operations {
  /** getStateV1: State of a call */
  'GET /attendantservice/api/recording/{uccName}/{correlationId}': {
    path: { uccName: string; correlationId: string };
    query: Record<never, never>;
    body: undefined;
    answer: ContractStateAnswer;
  };
  /** sendCommandV1: Command the recorder */
  'POST /attendantservice/api/recording/set': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ContractCommandRequest;
    answer: ContractStateAnswer;
  };
  /** getCapabilitiesV1: What agents of a UCC may do */
  'GET /attendantservice/api/recording/capabilities/{uccName}': {
    path: { uccName: string };
    query: Record<never, never>;
    body: undefined;
    answer: ContractCapabilities;
  };
  /** getState: State of a call */
  'GET /attendantservice/api/v2/recording/{uccName}/{correlationId}': {
    path: { uccName: string; correlationId: string };
    query: Record<never, never>;
    body: undefined;
    answer: ContractStateAnswer;
  };
  /** sendCommand: Command the recorder */
  'POST /attendantservice/api/v2/recording/set': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ContractCommandRequest;
    answer: ContractStateAnswer;
  };
  /** getCapabilities: What agents of a UCC may do */
  'GET /attendantservice/api/v2/recording/capabilities/{uccName}': {
    path: { uccName: string };
    query: Record<never, never>;
    body: undefined;
    answer: ContractCapabilities;
  };
  /** getSigningKeys: The keys that tokens are signed with (RFC 7517) */
  'GET /auth/realms/{tenantId}/protocol/openid-connect/certs': {
    path: { tenantId: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** getOpenIdConfiguration: OpenID Connect discovery */
  'GET /auth/realms/{tenantId}/.well-known/openid-configuration': {
    path: { tenantId: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** streamEvents: Committed events as server-sent events; Last-Event-ID resumes without a gap */
  'GET /api/events': {
    path: Record<never, never>;
    query: { ucc?: string; since?: number };
    body: undefined;
    answer: unknown;
  };
  /** listCalls: Calls in progress: how an integrator finds the correlation id */
  'GET /api/calls': {
    path: Record<never, never>;
    query: { ucc?: string; agent?: string };
    body: undefined;
    answer: {
      readonly items: readonly Call[];
    };
  };
  /** getCall: A call in progress, by its id or its correlation id */
  'GET /api/calls/{id}': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Call;
  };
  /** listReceipts: What was commanded, from when it was in effect, and the last that was kept */
  'GET /api/calls/{id}/receipts': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly Receipt[];
    };
  };
  /** listCallEvents: All that has happened to a call, in progress or ended, in its order */
  'GET /api/calls/{id}/events': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly CallEvent[];
    };
  };
  /** getCallLevels: How loud each party is in what is being recorded, about a second behind */
  'GET /api/calls/levels': {
    path: Record<never, never>;
    query: { id: readonly string[] };
    body: undefined;
    answer: {
      readonly items: readonly CallLevels[];
    };
  };
  /** listenToCall: A call in progress as it is recorded, about a second behind, until it ends */
  'GET /api/calls/{id}/audio': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** getCallHealth: Whether a call, in progress or ended, is recorded as it should be, and why not */
  'GET /api/calls/{id}/health': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: CallHealth;
  };
  /** listPauses: Who pauses the call */
  'GET /api/calls/{id}/pauses': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Pauses;
  };
  /** pauseCall: Pause as an owner of your own, for a limited time */
  'POST /api/calls/{id}/pauses': {
    path: { id: string };
    query: Record<never, never>;
    body: PauseRequest;
    answer: Pauses;
  };
  /** renewPause: Renew a pause; 404: it no longer holds */
  'PUT /api/calls/{id}/pauses/{owner}': {
    path: { id: string; owner: string };
    query: Record<never, never>;
    body: PauseRenewal;
    answer: Pauses;
  };
  /** releasePause: Give a pause back; audio is kept again once nobody holds */
  'DELETE /api/calls/{id}/pauses/{owner}': {
    path: { id: string; owner: string };
    query: { requester?: string };
    body: undefined;
    answer: Pauses;
  };
  /** listRecordings: Recordings, newest first */
  'GET /api/recordings': {
    path: Record<never, never>;
    query: { ucc?: string; correlationId?: string; agent?: string; party?: string; from?: string; to?: string; marked?: boolean; saving?: SavingState; status?: RecordingStatus; legalHold?: boolean; minLengthMs?: number; maxLengthMs?: number; minGapMs?: number; gap?: GapReason; cursor?: string; limit?: number };
    body: undefined;
    answer: RecordingPage;
  };
  /** getRecording: A recording: tracks, gap map, receipts */
  'GET /api/recordings/{id}': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: RecordingDetail;
  };
  /** getRecordingAudio: Stereo audio: one party per channel, the agent left, gaps as silence */
  'GET /api/recordings/{id}/audio': {
    path: { id: string };
    query: { format?: RecordingFormat };
    body: undefined;
    answer: unknown;
  };
  /** createAudioTicket: An address that an audio element, which sends no token, plays the recording from */
  'POST /api/recordings/{id}/audio-tickets': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: AudioTicket;
  };
  /** getRecordingPeaks: The wave form per channel, with its gaps; made once and kept sealed */
  'GET /api/recordings/{id}/peaks': {
    path: { id: string };
    query: { points?: number };
    body: undefined;
    answer: RecordingPeaks;
  };
  /** getRecordingSidecar: What goes with an exported file: parties, channels, gap map, marks */
  'GET /api/recordings/{id}/sidecar': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: Sidecar;
  };
  /** getRecordingVcon: The recording as a vCon (draft-ietf-vcon-vcon-core-04), its audio inline */
  'GET /api/recordings/{id}/vcon': {
    path: { id: string };
    query: { audio?: RecordingFormat };
    body: undefined;
    answer: unknown;
  };
  /** placeLegalHold: Place a legal hold: nothing destroys the recording while it lies on it */
  'PUT /api/recordings/{id}/legal-hold': {
    path: { id: string };
    query: Record<never, never>;
    body: LegalHoldRequest;
    answer: Recording;
  };
  /** releaseLegalHold: Release the legal hold, for a reason: in the body or in the query */
  'DELETE /api/recordings/{id}/legal-hold': {
    path: { id: string };
    query: { reason?: string };
    body: LegalHoldRelease;
    answer: Recording;
  };
  /** listErasures: What was erased of it, the newest first */
  'GET /api/recordings/{id}/erasures': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly Erasure[];
    };
  };
  /** eraseRecording: Erase a recording, or an interval of it, for good; the answer is the receipt */
  'POST /api/recordings/{id}/erasures': {
    path: { id: string };
    query: Record<never, never>;
    body: ErasureRequest;
    answer: Erasure;
  };
  /** getArchiveCheck: How far the check of the archive is, or what the last one found */
  'GET /api/archive/check': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: ArchiveCheck;
  };
  /** startArchiveCheck: Compare disk and bucket with what there are keys for */
  'POST /api/archive/check': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ArchiveCheckRequest;
    answer: ArchiveCheck;
  };
  /** getKeyRotation: How far the rotation of the master key is */
  'GET /api/archive/key-rotation': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: KeyRotation;
  };
  /** startKeyRotation: A new master key, while calls go on; of embedded mode */
  'POST /api/archive/key-rotation': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: KeyRotation;
  };
  /** getStorage: Room on the disk that recordings are sealed to */
  'GET /api/archive/storage': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Storage;
  };
  /** getRetention: What retention would destroy, and leaves until somebody confirms it */
  'GET /api/archive/retention': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Retention;
  };
  /** confirmRetention: Let retention destroy what it holds; the wall clock is believed from then on */
  'POST /api/archive/retention/confirmation': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: RetentionConfirmation;
    answer: Retention;
  };
  /** listUccs: All UCCs */
  'GET /api/uccs': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly Ucc[];
    };
  };
  /** getUcc: A UCC */
  'GET /api/uccs/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: Ucc;
  };
  /** saveUcc: Create a UCC, or replace all its settings; what is left out gets its default */
  'PUT /api/uccs/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: UccSettings;
    answer: Ucc;
  };
  /** changeUcc: Change some settings; they count from the next command on */
  'PATCH /api/uccs/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: UccSettings;
    answer: Ucc;
  };
  /** listWebhooks: All webhooks, without their secrets */
  'GET /api/webhooks': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly Webhook[];
    };
  };
  /** getWebhook: A webhook, without its secret */
  'GET /api/webhooks/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: Webhook;
  };
  /** saveWebhook: Create a webhook, or replace its settings; new UCCs begin with the next event */
  'PUT /api/webhooks/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: WebhookSettings;
    answer: Webhook | SavedWebhook;
  };
  /** removeWebhook: Delete a webhook and its dead letters */
  'DELETE /api/webhooks/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** listDeadLetters: Events that were given up, by UCC and sequence number */
  'GET /api/webhooks/{name}/dead-letters': {
    path: { name: string };
    query: { cursor?: string; limit?: number };
    body: undefined;
    answer: {
      readonly items: readonly DeadLetter[];
      readonly nextCursor: string | null;
    };
  };
  /** redeliverDeadLetters: Try the dead letters once more, in their order */
  'POST /api/webhooks/{name}/dead-letters/redeliver': {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: {
      /** That will be tried */
      readonly deadLetters: number;
    };
  };
  /** listUsers: People and services that sign in, by name */
  'GET /api/users': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly User[];
    };
  };
  /** saveUser: Add a user, or replace the settings of one: what it was given before ends at once */
  'PUT /api/users/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: UserSettings;
    answer: User;
  };
  /** removeUser: Remove a user: its tokens, tickets and connections end within seconds */
  'DELETE /api/users/{name}': {
    path: { name: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** listClients: Programs that may ask for tokens */
  'GET /api/clients': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: {
      readonly items: readonly Client[];
    };
  };
  /** saveClient: Add a client, or give it a new secret: the old one, and its tokens, end */
  'PUT /api/clients/{id}': {
    path: { id: string };
    query: Record<never, never>;
    body: {
    };
    answer: ClientSecret;
  };
  /** removeClient: Remove a client: its tokens end */
  'DELETE /api/clients/{id}': {
    path: { id: string };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** listAuditLog: Who did what, from where, on what, and what came of it; newest first */
  'GET /api/audit-log': {
    path: Record<never, never>;
    query: { who?: string; action?: string; ucc?: string; call?: string; recording?: string; outcome?: AuditOutcome; format?: 'json' | 'csv'; from?: string; to?: string; cursor?: string; limit?: number };
    body: undefined;
    answer: {
      readonly items: readonly AuditRecord[];
      readonly nextCursor: string | null;
    };
  };
  /** listAlarms: What is open now and what was raised, newest first */
  'GET /api/alarms': {
    path: Record<never, never>;
    query: { ucc?: string; kind?: AlarmKind; open?: boolean; from?: string; to?: string; cursor?: string; limit?: number };
    body: undefined;
    answer: {
      readonly items: readonly Alarm[];
      readonly nextCursor: string | null;
    };
  };
  /** getDailySummary: What became of the calls of a day, and which of them need a look */
  'GET /api/assurance/daily': {
    path: Record<never, never>;
    query: { date?: string };
    body: undefined;
    answer: DailySummary;
  };
  /** reconcile: Which calls of another system have no recording, or a poor one */
  'POST /api/assurance/reconcile': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: ReconciliationRequest;
    answer: Reconciliation;
  };
  /** getHealth: 200 when ready; 503 while starting, or while recorder or database do not work */
  'GET /api/health': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Health;
  };
  /** getHealthDetails: The same, and why; 200 or 503 */
  'GET /api/health/details': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: HealthDetails;
  };
  /** getMetrics: Prometheus metrics */
  'GET /metrics': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** getCaller: Who the caller is, and may do */
  'GET /api/me': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: Caller;
  };
  /** getSignInWays: How a person signs in at the console */
  'GET /api/sign-in': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: SignInWays;
  };
  /** signIn: A token for a person, of the embedded issuer; what the console signs in by */
  'POST /api/sign-in': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: Credentials;
    answer: SignedIn;
  };
  /** renewSignIn: Another token for who bears one of the console's */
  'POST /api/sign-in/renewal': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: SignInToken;
  };
  /** refreshSignIn: Another token for a renewalToken, as the command line keeps one */
  'POST /api/sign-in/refresh': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: Renewal;
    answer: SignInToken;
  };
  /** makeFirstAdmin: Make the first admin, by the code that the log has while there are no users */
  'POST /api/sign-in/first-admin': {
    path: Record<never, never>;
    query: Record<never, never>;
    body: FirstAdmin;
    answer: unknown;
  };
  /** requestToken: A bearer token for v2 and the Hush API */
  'POST /auth/realms/{tenantId}/protocol/openid-connect/token': {
    path: { tenantId: string };
    query: Record<never, never>;
    body: undefined;
    answer: AccessToken;
  };
}
