import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccountService } from '../domain/access/account-service.ts';
import type { AuditLog } from '../domain/access/audit-log.ts';
import type { FirstAdmin } from '../domain/access/first-admin.ts';
import type { Assessor } from '../domain/assurance/assessor.ts';
import type { CallRegistry } from '../domain/call/call-registry.ts';
import type { BackgroundJobStatus } from '../domain/common/background-job.ts';
import type { CommandAnswer, CommandRequest } from '../domain/control/command.ts';
import type { Leases } from '../domain/control/leases.ts';
import type { SeamLeases } from '../domain/control/seam-leases.ts';
import type { EventFeed } from '../domain/event/event-feed.ts';
import type { Webhooks } from '../domain/event/webhooks.ts';
import type { AlarmKind } from '../domain/model/alarm.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import type { Caller, Principal, Role } from '../domain/model/principal.ts';
import type { ExportedAudio, ExportFormat, LiveAudio } from '../domain/ports/archive.ts';
import type { ArchiveReport, CheckRequest, StorageReport } from '../domain/ports/archive-report.ts';
import type { AssuranceStore } from '../domain/ports/assurance-store.ts';
import type { Authenticator, TokenIssuer } from '../domain/ports/authenticator.ts';
import type { Recorder } from '../domain/ports/recorder.ts';
import type { RetentionStore } from '../domain/ports/retention-store.ts';
import type { Store } from '../domain/ports/store.ts';
import type { Erasures } from '../domain/recording/erasures.ts';
import type { LegalHolds } from '../domain/recording/legal-holds.ts';
import type { Retention } from '../domain/retention/retention.ts';
import type { UccRegistry } from '../domain/ucc/ucc-registry.ts';
import type { Certificate } from '../protocols/tls/certificate.ts';

/** A finished recording, opened for playing. */
export interface OpenedAudio {
  readonly wavBytes: number;
  /** Of its content; another one when that changes. */
  readonly version: string;
  /** Of its content something is not what was sealed, and not told of yet. */
  readonly isDamaged: boolean;
  /** Aborted once the recording was erased: what was read by then is to be heard by nobody. */
  readonly erased: AbortSignal;
  wav(start: number, end: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Left and right: of each point the lowest and the highest sample, -128 to 127. */
export interface RecordingPeaks {
  readonly pointsPerSecond: number;
  readonly channels: readonly { readonly min: Int8Array; readonly max: Int8Array }[];
}

export interface KeyRotationProgress {
  /** Names the current master key. */
  readonly keyId: string;
  readonly looked: number;
  readonly rewrapped: number;
  readonly unopened: number;
}

/** What a request below one of the hub's paths asks for, and who asks. */
export interface HubTarget {
  /** Lower case, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly caller: Caller;
}

/** Something that answers raw requests below paths of its own: the recording hub. */
export interface HttpMount {
  /** What its paths are below: `/attendantservice/hubs`. */
  readonly folders: readonly string[];
  /** @param path lower case, without the query */
  owns(path: string): boolean;
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    target: HubTarget,
  ): Promise<void>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, target: HubTarget): void;
}

/** What the routes stand on; the composition root brings it. */
export interface HttpServices {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly store: Store;
  /** The record as it truly is, where the store could not be told yet. */
  trueRecord(record: CallRecord): CallRecord;
  readonly feed: EventFeed;
  /** `Journal.publishedThrough`: where a stream begins that asks for nothing of before. */
  publishedThrough(): number;
  readonly hub: HttpMount;
  readonly webhooks: Webhooks;
  readonly authenticator: Authenticator;
  /** Of mode `embedded`. */
  readonly issuer: TokenIssuer | undefined;
  /** Of mode `embedded`. */
  readonly register: AccountService | undefined;
  /** Of mode `embedded`. */
  readonly firstAdmin: FirstAdmin | undefined;
  /** Whether a bearer is still who it was when it was let in. */
  isCurrent(principal: Principal): boolean;
  /** Called after somebody is no longer who it was. @returns what ends it */
  onPeopleChanged(listener: () => void): () => void;
  readonly auditLog: AuditLog;
  readonly leases: Leases;
  readonly seamLeases: SeamLeases;
  readonly assessor: Pick<Assessor, 'healthOf'>;
  readonly assurance: AssuranceStore;
  readonly keeping: RetentionStore;
  readonly erasures: Pick<Erasures, 'erase'>;
  readonly legalHolds: Pick<LegalHolds, 'place' | 'release'>;
  /** Open alarms of a call in progress. */
  alarmsOf(callId: string): AlarmKind[];
  /** Whose days are summed up. */
  readonly timeZone: string;
  /** Unix ms */
  now(): number;
  carry(request: CommandRequest, caller: Caller): Promise<CommandAnswer>;
  /** Stops what a UCC that no longer records has in progress. */
  stopCallsOf(uccName: string): Promise<void>;
  play(callId: string): Promise<OpenedAudio>;
  /** @param owner for whom @throws ExportsBusyError */
  exportAudio(callId: string, format: ExportFormat, owner: string): Promise<ExportedAudio>;
  /** A download of which the client takes nothing for so long is cut off. */
  readonly downloadTimeoutMs: number;
  readonly archiveJob: {
    checkStatus(): BackgroundJobStatus<ArchiveReport> | undefined;
    /** Undefined while one is running. */
    startCheck(request: CheckRequest): BackgroundJobStatus<ArchiveReport> | undefined;
    rotationStatus(): BackgroundJobStatus<KeyRotationProgress> | undefined;
    /** Undefined while one is running. */
    startRotation(): BackgroundJobStatus<KeyRotationProgress> | undefined;
    /** False where the master key is configured. */
    readonly canRotate: boolean;
  };
  readonly retention: Pick<Retention, 'hold' | 'confirm'>;
  readonly live: LiveAudio;
  storage(): Promise<StorageReport>;
  peaks(callId: string): Promise<RecordingPeaks>;
  ready(): boolean;
  /** Whether the store answers; within seconds, whatever it does. */
  storeAnswers(): Promise<boolean>;
  /** From the signal to stop on: nothing is begun any more. */
  isStopping(): boolean;
  /** Prometheus text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  onCommand(answer: CommandAnswer, seconds: number): void;
  onError(cause: unknown): void;
  /** A row of the audit log could not be written, and nobody waited for it. */
  onAuditFailed(cause: unknown): void;
  /** HTTPS by it; plain HTTP without. */
  readonly certificate?: Certificate | undefined;
}

/** An issuer where the console is a public client. */
export interface ConsoleIssuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  readonly anonymousNetworks: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** As clients reach Hush, where that is not `host` and `port`. */
  readonly publicUrl?: string | undefined;
  /** Further names that Hush answers under; `.example.com` stands for all below it. */
  readonly allowedHosts: readonly string[];
  readonly statusCodes: 'ok' | 'mapped';
  readonly bodyLimitBytes: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** A quiet stream of events says something this often. */
  readonly eventKeepAliveMs: number;
  /** Answers in progress when Hush stops may take this long. */
  readonly closeTimeoutMs: number;
  readonly maxConnections: number;
  readonly requestsPerSecondPerAddress: number;
  readonly requestsPerSecondPerToken: number;
  /** Where the built web console is; without it there is none. */
  readonly consoleDir?: string | undefined;
  /** Where people sign in for the console, besides the embedded issuer. */
  readonly consoleIssuers: readonly ConsoleIssuer[];
  readonly access: {
    /** Whether callers without a token are let in at all. */
    readonly anonymous: boolean;
    readonly anonymousRole: Role;
    /** False in mode `none`: there is nothing to ask a caller for. */
    readonly takesTokens: boolean;
  };
}
