import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import pino, { type Logger } from 'pino';
import { SealedArchive } from './archive/archive.ts';
import { ArchiveJobs } from './archive/archive-jobs.ts';
import { BucketMark } from './archive/files/bucket-mark.ts';
import { filesSettingsOf, openFiles, SpooledFiles } from './archive/files/open-files.ts';
import { S3Files, type S3Settings } from './archive/files/s3-files.ts';
import { storageOf } from './archive/files/storage.ts';
import { Uploader } from './archive/files/uploader.ts';
import { KeyRotation, underCurrentKey } from './archive/keys/key-rotation.ts';
import { masterKeyFile } from './archive/keys/master-key.ts';
import { openProvenKeys } from './archive/keys/proven-keys.ts';
import { masterKeyVault } from './archive/keys/vault.ts';
import { openAuth } from './auth/open-auth.ts';
import { hashPassword, hashSecret, ScryptHasher } from './auth/password-hash.ts';
import type { Guessing } from './auth/sign-in-limits.ts';
import { InProcessBus } from './bus/in-process.ts';
import { ConfigError } from './config/config-error.ts';
import { effectiveConfiguration } from './config/effective-configuration.ts';
import {
  anonymousAccess,
  consoleIssuersOf,
  exposureOf,
  isPlainSipGuarded,
} from './config/exposure.ts';
import type { Config } from './config/schema.ts';
import { systemCaller } from './domain/access/access.ts';
import { AccountService } from './domain/access/account-service.ts';
import { auditedChange } from './domain/access/audit-change.ts';
import { AuditLog } from './domain/access/audit-log.ts';
import { FirstAdmin } from './domain/access/first-admin.ts';
import { AlarmRegister } from './domain/assurance/alarm-register.ts';
import { Assessor } from './domain/assurance/assessor.ts';
import { AssuranceWatch } from './domain/assurance/assurance-watch.ts';
import { systemTimeZone } from './domain/assurance/calendar-day.ts';
import { DailySchedule } from './domain/assurance/daily-schedule.ts';
import { MetadataAlarms } from './domain/assurance/metadata-alarms.ts';
import { StoreProbe } from './domain/assurance/store-probe.ts';
import { CallRegistry } from './domain/call/call-registry.ts';
import { Journal } from './domain/call/journal.ts';
import { Restatements } from './domain/call/restatements.ts';
import type { Moments } from './domain/common/moment.ts';
import { parseNetworks } from './domain/common/networks.ts';
import { CommandAudit } from './domain/control/command-audit.ts';
import { CommandHandler } from './domain/control/command-handler.ts';
import { Leases } from './domain/control/leases.ts';
import { PauseGate } from './domain/control/pause-gate.ts';
import { PauseWatch } from './domain/control/pause-watch.ts';
import { SeamLeases } from './domain/control/seam-leases.ts';
import { EventFeed } from './domain/event/event-feed.ts';
import { CallLifecycle } from './domain/lifecycle/call-lifecycle.ts';
import { CallSettlement } from './domain/lifecycle/call-settlement.ts';
import { RecordedFacts } from './domain/lifecycle/recorded-facts.ts';
import type { Alarm } from './domain/model/alarm.ts';
import { contractError } from './domain/model/errors.ts';
import type { Principal } from './domain/model/principal.ts';
import type { RecordingEvent } from './domain/model/recording-event.ts';
import type { Clock } from './domain/ports/clock.ts';
import type { RecorderListener } from './domain/ports/recorder.ts';
import { AudioInspections } from './domain/recording/audio-inspections.ts';
import { Erasures } from './domain/recording/erasures.ts';
import { LegalHolds } from './domain/recording/legal-holds.ts';
import { RecordingLock } from './domain/recording/recording-lock.ts';
import { withoutCardNumbersInJson } from './domain/redaction/card-numbers.ts';
import { Retention } from './domain/retention/retention.ts';
import { TrustedClock } from './domain/retention/trusted-clock.ts';
import { recordConfiguration } from './domain/ucc/configuration-record.ts';
import { UccRegistry } from './domain/ucc/ucc-registry.ts';
import { originRule } from './http/edge/origins.ts';
import { buildHttpServer } from './http/http-server.ts';
import { RecordingHub } from './hub/recording-hub.ts';
import type { LineOutput } from './logging/line-output.ts';
import { guardProcess } from './logging/process-guard.ts';
import { standardOutput } from './logging/standard-output.ts';
import { Metrics } from './metrics/metrics.ts';
import { openDatabase, ownershipOptions } from './open-database.ts';
import type { KeyRing } from './protocols/segment/key-ring.ts';
import { Certificate } from './protocols/tls/certificate.ts';
import { moment } from './recorder/clock/clock-origin.ts';
import { MediaRecorder } from './recorder/recorder.ts';
import { SessionRecordingServer } from './srs/session-recording-server.ts';
import { closeDataFolder, DataFolderError } from './store/ownership/data-folder.ts';
import { Ownership } from './store/ownership/ownership.ts';
import { OwnershipError } from './store/ownership/ownership-error.ts';
import { type Claimed, type OnAdopt, toldPlace } from './store/ownership/store-place.ts';
import { SqlStore } from './store/store.ts';
import { Begun, Teardown } from './teardown.ts';
import { WebhookDispatcher } from './webhooks/webhook-dispatcher.ts';

/** What a test or a bench may put in the place of what the configuration names. */
export interface ServerOverrides {
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly moments?: Moments;
  /** How often an instance marks its bucket. */
  readonly bucketMarkMs?: number;
  /** A person says that this copy of a store is the original from now on: `hush serve --adopt`. */
  readonly adopt?: boolean;
  readonly workerEntry?: URL;
}

export interface ServerAddresses {
  /** `http://127.0.0.1:8080` */
  readonly http: string;
  readonly sipUdpPort: number | undefined;
  readonly sipTcpPort: number | undefined;
  readonly sipTlsPort: number | undefined;
}

export interface HushServer {
  /**
   * Resolves when calls and requests are taken.
   * @throws StartError: everything is closed again, calls are left as they were
   */
  start(): Promise<ServerAddresses>;
  /** Finishes every recording, then stops. May be called twice. */
  stop(): Promise<void>;
  /** Stops at once without ending a call: the next process on the same data goes on with them. */
  handOver(): Promise<void>;
  /** Stops at once and finishes nothing: what a crash does. For tests. */
  abandon(): Promise<void>;
  /** Decides, for the whole process, what becomes of warnings and of errors that nobody caught. */
  guardProcess(): void;
  /** Reads certificates and their keys anew. */
  reload(): void;
  onEvent(listener: (event: RecordingEvent) => void): () => void;
  /**
   * Called when another process owns, or may own, what this one works on: it has shut its gates,
   * takes no command, and has begun to stop. Its process is to end.
   */
  onOwnershipLost(listener: (reason: string) => void): void;
}

/** Bound on each step of a stop that no setting bounds. */
const STEP_TIMEOUT_MS = 3_000;
const BUCKET_MARK_MS = 20_000;

/** What could not be started, in one sentence; everything that had been begun is closed again. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/**
 * Makes everything; what has been made is closed again where the rest of it fails.
 * @throws ConfigError, StartError
 */
export async function createServer(
  config: Config,
  overrides: ServerOverrides = {},
): Promise<HushServer> {
  const exposure = exposureOf(config);
  if (exposure) throw new ConfigError(`${exposure.path.slice(1)} ${exposure.message}`);
  const output = overrides.logger ? undefined : standardOutput();
  const logger = overrides.logger ?? newLogger(config.log.level, output);
  const begun = new Begun();
  const teardown = new Teardown((step, cause) =>
    logger.error({ err: cause, step }, 'a step of the stop failed'),
  );
  try {
    return await assemble(config, { ...overrides, logger }, { begun, teardown, output });
  } catch (cause) {
    await begun.undo(teardown, STEP_TIMEOUT_MS);
    throw startError(cause);
  }
}

/** No card number reaches the log, whoever wrote it into what. */
function newLogger(level: string, output: LineOutput | undefined): Logger {
  return pino({ level, hooks: { streamWrite: withoutCardNumbersInJson } }, output);
}

function startError(cause: unknown): Error {
  const speaksForItself = [ConfigError, DataFolderError, StartError, OwnershipError];
  if (speaksForItself.some((kind) => cause instanceof kind)) return cause as Error;
  return new StartError(`Hush did not start: ${sentenceOf(cause)}`, { cause });
}

/** @throws DataFolderError */
function closeFolder(config: Config, logger: Logger): void {
  // A master key that others could read is refused, not closed: they may have read it.
  const untouched = [basename(masterKeyFile(config) ?? '')];
  const [first, ...others] = closeDataFolder(config.dataDir, { untouched });
  if (first === undefined) return;
  const detail = { path: first, count: others.length + 1 };
  logger.warn(detail, 'what was open to others in the data folder is now closed to them');
}

/** What went wrong, on one line. An error of several addresses carries its words within. */
function sentenceOf(cause: unknown): string {
  if (cause instanceof AggregateError && !cause.message) return sentenceOf(cause.errors[0]);
  const { message = String(cause), code } = cause as Partial<NodeJS.ErrnoException>;
  return (message || code || 'unknown failure').split('\n', 1)[0] as string;
}

interface StoreMaking {
  readonly adopt: boolean;
  readonly ownership: Ownership;
  readonly logger: Logger;
  readonly begun: Begun;
  /** Called when it has been away and answers again. */
  readonly whenStoreIsBack: readonly (() => void)[];
}

interface Making {
  readonly begun: Begun;
  readonly teardown: Teardown;
  /** Of the log, where that is ours. */
  readonly output: LineOutput | undefined;
}

/** The one composition root: everything is made here, and only here everything is imported. */
async function assemble(
  config: Config,
  overrides: ServerOverrides & { readonly logger: Logger },
  { begun, teardown, output }: Making,
): Promise<HushServer> {
  const { logger } = overrides;
  const clock = overrides.clock ?? { now: () => Date.now() };
  const moments = overrides.moments ?? { moment };
  const recordingsDir = join(config.dataDir, 'recordings');
  closeFolder(config, logger);
  const ownership = await Ownership.take(ownershipOptions(config));
  begun.add('ownership', () => ownership.release());
  mkdirSync(recordingsDir, { recursive: true, mode: 0o700 });

  const sink = {
    raise(alarm: Omit<Alarm, 'at'>): void {
      metrics.alarm(alarm);
      logger.error({ alarm }, `alarm: ${alarm.kind}`);
    },
  };
  const onAssuranceFailed = (cause: unknown): void =>
    logger.error({ err: cause }, 'what assurance found could not be kept');
  const { adopt = false } = overrides;
  const whenStoreIsBack: (() => void)[] = [];
  const making = { ownership, logger, begun, adopt, whenStoreIsBack };
  const { store, keys, claimed } = await openStore(config, making);
  const vault = masterKeyVault(keys);
  const bus = new InProcessBus((cause) => logger.error({ err: cause }, 'an event listener failed'));
  const uccs = new UccRegistry(store);
  const calls = new CallRegistry();
  const journal = new Journal({ store, bus, clock });
  const alarms = new AlarmRegister({
    ...{ calls, journal, clock, sink, store: store.assurance, onError: onAssuranceFailed },
  });
  const watchLog = (): void =>
    output?.listen(
      {
        onFailing: (why) => alarms.begin('logFailed', why),
        onDropped: () => metrics.logLineDropped(),
        onRecovered(dropped) {
          logger.warn({ dropped }, 'the log is written again; lines of it were dropped meanwhile');
          alarms.finish('logFailed');
        },
      },
      config.log.maxBufferBytes,
    );
  const { maxExports } = config.archive;
  const filesSettings = filesSettingsOf(recordingsDir, config.archive.s3);
  const mark = filesSettings.s3 && newBucketMark(filesSettings.s3);
  const files = openFiles(filesSettings, mark);
  const archive = new SealedArchive({
    ...{ files, filesSettings, keys, store, keeping: store.keeping, maxExports },
    onFinding: (...found) => inspections.notice(...found),
  });
  const facts = new RecordedFacts({ store, alarms });
  const restatements = new Restatements({ store, journal, alarms });
  journal.onUntold = (...untold) => restatements.add(...untold);
  const storeProbe = new StoreProbe({ store, isOwned: () => ownership.isSure });
  whenStoreIsBack.push(
    () => restatements.retryNow(),
    () => facts.retryNow(),
  );
  const listener: RecorderListener = {
    onSegment: (segment) => {
      const { callId, track, segment: number } = segment;
      void facts.tell(callId, {
        [`segment ${track}/${number}`]: () => ({ segments: [underCurrentKey(keys, segment)] }),
      });
    },
    onCallFailed: (...failure) => lifecycle.callFailed(...failure),
    onTrackBegan: (...beginning) => lifecycle.trackBegan(...beginning),
    onErased: (tracks) => lifecycle.erased(tracks),
    onWorkerDied: (...died) => lifecycle.workerDied(...died),
    onStreamStats: (stats) => {
      metrics.streamStats(stats);
      assurance.onStats(stats);
    },
  };
  const recorder = new MediaRecorder({
    ...{ recordingsDir, clock, listener, masterKey: keys.current },
    isOwner: () => ownership.isSure,
    ...config.recording,
    rtpHost: config.rtp.host,
    portMin: config.rtp.portMin,
    portMax: config.rtp.portMax,
    workers: config.rtp.workers,
    maxCalls: config.sip.maxCalls,
    ...(overrides.workerEntry ? { workerEntry: overrides.workerEntry } : {}),
  });
  begun.add('media threads', () => recorder.close());
  const metrics = new Metrics({
    callsInProgress: () => calls.size,
    hubConnections: () => hub.connectionCount,
    openStreams: () => recorder.openStreamCount,
    freePorts: () => recorder.freePortCount,
    pausedCalls: () => calls.list().filter(({ pausedBy }) => pausedBy.length > 0).length,
    leases: () => calls.list().reduce((sum, { record }) => sum + record.leases.length, 0),
    recorderAvailable: () => recorder.available,
    openAlarms: () => alarms.openByKind,
  });
  const assurance = new AssuranceWatch({
    ...{ calls, recorder, alarms, limits: config.recording },
  });
  const assessor = new Assessor({
    ...{ store, alarms, watch: assurance, onError: onAssuranceFailed },
    onVerdict: (health) => metrics.verdict(health),
  });
  const timeZone = config.assurance.timeZone ?? systemTimeZone();
  const trustedClock = new TrustedClock({ clock, moments, store: store.clockAnchors });
  const daily = new DailySchedule({
    ...{ ...config.assurance, timeZone, clock, trustedClock, alarms, store: store.assurance },
    onSummary: (date, { uccs: perUcc, lookAtCount }) =>
      logger.info({ date, uccs: perUcc, lookAtCount }, 'daily summary'),
    onError: onAssuranceFailed,
  });
  const kept = new RecordingLock({ calls, store });
  const inspections = new AudioInspections({
    ...{ kept, store, archive, journal, alarms, onError: onAssuranceFailed },
    healthOf: (record) => assessor.healthOf(record),
  });
  const settlement = new CallSettlement({
    ...{ uccs, calls, recorder, archive, journal, store, kept, alarms, moments, facts },
    limits: config.recording,
    assess: (...ended) => assessor.assess(...ended),
  });
  const lifecycle = new CallLifecycle({
    ...{ uccs, calls, recorder, store, journal, alarms, clock, moments, settlement, vault, facts },
    limits: { ...config.recording, ...config.sip },
    storageFull: () => (uploader && !uploader.hasRoom ? 'the spool is full' : undefined),
    hangUp: (sessionIds) => srs.hangUp(sessionIds),
    onTrackEnded: (...ended) => metrics.trackEnded(...ended),
  });
  const onAuditFailed = (cause: unknown): void =>
    alarms.raise({ kind: 'storeFailed', detail: String(cause) });
  const { keeping } = store;
  const erasures = new Erasures({
    ...{ kept, store, keeping, archive, journal, alarms, clock },
    onUnfinished: () => retention.retrySoon(),
  });
  const legalHolds = new LegalHolds({ kept, keeping, journal, clock });
  const rotation = new KeyRotation({
    ...{
      keys,
      file: masterKeyFile(config),
      keeping,
      keyChecks: store.keyChecks,
      vault,
      settled: () => kept.settled(),
    },
  });
  const archiveJob = new ArchiveJobs({
    ...{ files, keys, store, keeping, rotation, now: () => clock.now() },
    exclusively: (callId, look) => kept.run(callId, look),
    missing: (callId) => archive.missing(callId),
    onFinding: (...found) => inspections.notice(...found),
  });
  const onSweepFailed = (cause: unknown): void =>
    logger.warn({ err: cause }, 'what a process left behind could not be removed');
  const uploader =
    files instanceof SpooledFiles
      ? new Uploader({
          ...config.archive.s3,
          ...{ disk: files.disk, bucket: files.bucket, store, alarms },
          exclusively: (callId, upload) => kept.run(callId, upload),
          onError: (cause) => logger.warn({ err: cause }, 'an upload failed; it is tried again'),
        })
      : undefined;
  const auditLog = new AuditLog({ store, clock, onError: onAuditFailed });
  const retention = new Retention({
    ...{ uccs, keeping, store, erasures, alarms, clock: trustedClock },
    intervalMs: config.archive.cleanIntervalMs,
    maxDestroyedPerPass: config.archive.maxDestroyedPerPass,
    mayDestroy: () => mark?.isOurs ?? true,
    audit: ({ uccName, correlationId, id: callId }) =>
      auditLog.entry(systemCaller('retention', 'hush'), {
        ...{ action: 'erase', uccName, correlationId, callId, outcome: 'ok', reason: 'retention' },
      }),
    onError: (cause) => logger.error({ err: cause }, 'retention failed; it is tried again'),
  });
  const pauseGate = new PauseGate({ recorder, journal, alarms, clock });
  const watch = new PauseWatch({ uccs, alarms, clock, moments });
  const { requesterMustMatchToken } = config.auth;
  const leases = new Leases({
    ...{ uccs, calls, recorder, pauseGate, clock, auditLog, watch, moments },
    requesterMustMatchToken,
  });
  const seamLeases = new SeamLeases({
    ...{ uccs, calls, recorder, pauseGate, clock, auditLog, watch, moments },
    ...{ leases, journal, settlement, kept, limits: config.recording, requesterMustMatchToken },
  });
  const carrier = new CommandHandler({
    ...{ uccs, calls, recorder, pauseGate, clock },
    reconsider: (call) => lifecycle.reconsider(call),
    auditLog: new CommandAudit(auditLog, onAuditFailed),
    requesterMustMatchToken,
  });
  const onStandingsFailed = (cause: unknown): void =>
    logger.error({ err: cause }, 'users and clients could not be read; it is tried again');
  const auth = openAuth({
    ...{ settings: config.auth, dataDir: config.dataDir, people: store.people, clock },
    url: () => config.http.publicUrl ?? (http ? urlOf(http) : ''),
    onSignIn(signIn) {
      metrics.signIn(signIn);
      return auditLog.signIn(signIn);
    },
    onGuessing: (guessing) => alarms.raise(signInsGuessed(guessing, config.auth.failureWindowMs)),
    onStandingsFailed,
    onError: (cause) => logger.warn({ err: cause }, 'the keys of an issuer could not be fetched'),
  });
  const { standings } = auth;
  const isCurrent = (principal: Principal): boolean => standings?.isCurrent(principal) ?? true;
  const register = new AccountService({
    ...{ people: store.people, hashPassword, hashSecret, now: () => clock.now() },
    changed: async () => standings?.refresh().catch(onStandingsFailed),
  });
  const firstAdmin = auth.issuer && new FirstAdmin(register);
  const onTlsFailed = (cause: unknown): void =>
    logger.error({ err: cause }, 'a certificate could not be renewed');
  const certificates = {
    http: certificateOf(config.http.tls, onTlsFailed),
    sip: certificateOf(config.sip.tls, onTlsFailed),
  };
  const { udpPort, tcpPort } = config.sip;
  if (!isPlainSipGuarded(config.sip)) {
    logger.warn('SIP is spoken by TLS only: nothing else says who may call by UDP and TCP');
  }
  const metadataAlarms = new MetadataAlarms({ calls, alarms });
  const srs = new SessionRecordingServer({
    host: config.sip.host,
    ...(isPlainSipGuarded(config.sip) ? { udpPort, tcpPort } : {}),
    ...(certificates.sip
      ? { tls: { port: config.sip.tlsPort, certificate: certificates.sip } }
      : {}),
    ...(config.sip.advertisedHost ? { advertisedHost: config.sip.advertisedHost } : {}),
    ...(config.sip.allowedNetworks ? { isAllowed: parseNetworks(config.sip.allowedNetworks) } : {}),
    mediaAddress: config.rtp.advertisedHost ?? config.rtp.host,
    limits: config.sip,
    ...(config.sip.digest.users.length > 0 ? { digest: config.sip.digest } : {}),
    identity: {
      ucc: config.sip.uccFrom,
      correlationId: config.sip.correlationIdFrom,
      headers: config.sip.headers,
      extensions: config.sip.extensionData,
      isUcc: (name) => uccs.get(name) !== undefined,
      isMember: (name, uri) => uccs.isMember(name, uri),
    },
    recentCall: async (correlationId) => {
      const last = await store.lastCall(correlationId);
      const since = clock.now() - config.recording.inheritMs;
      return last && (last.endedAt ?? since) >= since ? last : undefined;
    },
    lifecycle,
    twoSidedPause: config.sip.twoSidedPause,
    srtp: config.rtp.srtp,
    timerRules: {
      sessionExpiresSeconds: Math.ceil(config.sip.sessionExpiresMs / 1000),
      minSeconds: Math.ceil(config.sip.minSessionExpiresMs / 1000),
    },
    onPauseOffered: (outcome) => metrics.pauseOffered(outcome),
    onMetadata: (report) => {
      metrics.metadataRead(report.faults);
      metadataAlarms.read(report);
    },
    onDropped: (reason) => metrics.sipDropped(reason),
    onGuessing: (who) =>
      alarms.raise({ kind: 'passwordGuessing', detail: `too many wrong SIP passwords of ${who}` }),
    onFailure: (cause) => logger.error({ err: cause }, 'a recording session failed'),
  });
  bus.subscribe(({ type, callId }) => {
    if (type === 'recordingSaved' || type === 'recordingErased') uploader?.add(callId);
    if (type === 'legalHoldPlaced') settlement.holdPlaced(callId);
    if (type === 'recordingErased') inspections.notice(callId, 'whole');
    if (type === 'recordingDestroyed') alarms.close(callId, 'audioMissing');
  });
  bus.subscribe((event) => metrics.event(event));
  bus.subscribe((event) => assurance.onEvent(event));
  bus.subscribe(({ callId }) => {
    const call = calls.byId(callId);
    if (call) watch.changed(call);
    srs.callChanged(callId);
  });
  const feed = new EventFeed(bus, store);
  const hub = new RecordingHub({
    feed,
    maxConnections: config.events.maxHubConnections,
    subscriptions: config.events,
    maxBacklogBytes: config.events.maxBacklogBytes,
    longPollTimeoutMs: config.events.longPollTimeoutMs,
    keepAliveMs: config.events.keepAliveMs,
    aliases: config.hub.aliases,
    ucc: (name) => uccs.get(name),
    auditRead: (caller, what) => auditLog.read(caller, what),
    auditDenied: (caller, what) => auditLog.denied(caller, { ...what, reason: 'ucc' }),
    isOriginAllowed: originRule({ ...config.http, tls: certificates.http }),
    isCurrent,
    onError: (cause) => logger.error({ err: cause }, 'the hub failed'),
  });

  standings?.onChange(() => hub.dropStale());
  const webhooks = new WebhookDispatcher({
    ...{ feed, alarms, clock, history: store, store: store.webhooks, limits: config.webhooks },
    isUcc: (name) => uccs.get(name) !== undefined,
    onAttempt: (outcome) => metrics.webhookDelivery(outcome),
    auditDisabled: (change) =>
      auditLog.entry(systemCaller('hush', 'hush'), {
        ...{ action: 'webhook disable', outcome: 'ok', reason: 'gone', change },
      }),
    onDisabled: (webhook) => logger.warn({ webhook }, 'a webhook answered 410 and was disabled'),
    onError: (cause) => logger.error({ err: cause }, 'a webhook failed'),
  });

  let phase: 'made' | 'starting' | 'ready' | 'stopping' = 'made';
  let http: FastifyInstance | undefined;
  let stopping: Promise<void> | undefined;

  async function start(): Promise<ServerAddresses> {
    phase = 'starting';
    try {
      return await begin();
    } catch (cause) {
      await handOver();
      throw startError(cause);
    }
  }

  function newBucketMark(s3: S3Settings): BucketMark {
    const { instance, place } = claimed;
    return new BucketMark({
      ...{ bucket: new S3Files(s3), instance, run: randomUUID(), host: place.host },
      ...{ path: place.path, intervalMs: overrides.bucketMarkMs ?? BUCKET_MARK_MS },
      onShared(detail) {
        const doing = 'this one uploads nothing, and destroys nothing by age or in the bucket';
        alarms.begin('bucketShared', `Another Hush is at work as the same: ${detail}; ${doing}`);
      },
      onOurs() {
        alarms.finish('bucketShared');
        if (phase === 'ready') void retention.clean();
      },
      onError: (cause) => logger.warn({ err: cause }, 'the bucket could not be marked'),
    });
  }

  /** A stop that comes while Hush starts ends the start at its next step. */
  function mayGoOn(): void {
    if (phase === 'stopping') throw new StartError('Hush was stopped while it started.');
  }

  function newHttpServer(): Promise<FastifyInstance> {
    const access = anonymousAccess(config);
    const consoleIssuers = consoleIssuersOf(config);
    const { keepAliveMs: eventKeepAliveMs } = config.events;
    const settings = {
      ...{ ...config.http, access, consoleDir: consoleDir(), consoleIssuers, eventKeepAliveMs },
    };
    return buildHttpServer(settings, {
      ...{
        uccs,
        calls,
        recorder,
        store,
        feed,
        hub,
        webhooks,
        auditLog,
        leases,
        seamLeases,
        assessor,
      },
      ...{ retentionStore: keeping, erasures, legalHolds, archiveJob, retention },
      storage: () => storageOf(recordingsDir, uploader),
      live: archive.live,
      peaks: (callId) => kept.run(callId, () => archive.peaks(callId)),
      ...{ assurance: store.assurance, timeZone, now: () => clock.now() },
      publishedThrough: () => journal.publishedThrough,
      alarmsOf: (callId) => alarms.openOf(callId),
      ...{ authenticator: auth.authenticator, issuer: auth.issuer },
      ...{ accounts: auth.issuer && register, firstAdmin, isCurrent },
      onPeopleChanged: (changed) => standings?.onChange(changed) ?? (() => undefined),
      handleCommand: async (request, caller) =>
        phase === 'stopping'
          ? { ok: false, error: contractError('processingFailed') }
          : carrier.carry(request, caller),
      stopCallsOf: (uccName) => lifecycle.stopCallsOf(uccName),
      trueRecord: (record) => settlement.trueRecord(record),
      play: (callId) => archive.play(callId),
      exportAudio: (...wanted) => archive.export(...wanted),
      downloadTimeoutMs: config.archive.downloadTimeoutMs,
      ready: () => phase === 'ready',
      storeAnswers: () => storeProbe.answers(),
      isStopping: () => phase === 'stopping',
      metrics: () => metrics.text(),
      onCommand: (answer, seconds) => metrics.command(answer, seconds),
      onError: (cause) => logger.error({ err: cause }, 'a request failed'),
      onAuditFailed,
      certificate: certificates.http,
    });
  }

  async function begin(): Promise<ServerAddresses> {
    const startedAt = clock.now();
    watchLog();
    await uccs.load();
    await journal.load();
    await trustedClock.load();
    await webhooks.start();
    mayGoOn();
    const restored = await lifecycle.restore();
    for (const call of calls.list()) watch.changed(call);
    // Its hashes take their time, which the calls' packets would not be read in.
    await recordConfiguration(effectiveConfiguration(config), {
      ...{ store, uccs, auditLog, hash: hashPassword },
      verify: (secrets, hash) => new ScryptHasher(1).verify(secrets, hash),
    });
    await auth.start();
    http = await newHttpServer();
    mayGoOn();
    // Before SIP, which may have to end sessions: a start that fails ends none.
    await http.listen({ host: config.http.host, port: config.http.port });
    mayGoOn();
    await srs.start(restored);
    mayGoOn();
    await lifecycle.endLost();
    // What the process before left open is raised again where it still is so.
    await store.assurance.endAlarmsOfBefore(startedAt, clock.now());
    await daily.start();
    mark?.start();
    files.sweepUnfinished().catch(onSweepFailed);
    await uploader?.start();
    mayGoOn();
    retention.start();
    archiveJob.goOn();
    phase = 'ready';
    const { udpPort: sipUdpPort, tcpPort: sipTcpPort, tlsPort: sipTlsPort } = srs;
    const addresses = { http: urlOf(http), sipUdpPort, sipTcpPort, sipTlsPort };
    logger.info({ ...addresses, issuer: auth.issuer?.issuer }, 'ready');
    await offerFirstAdmin(config.http.publicUrl ?? addresses.http);
    return addresses;
  }

  /** In the log alone: who reads it runs this Hush. */
  async function offerFirstAdmin(url: string): Promise<void> {
    const code = await firstAdmin?.offer();
    if (code === undefined) return;
    logger.warn(
      { code, url: `${url}/#/first-admin` },
      'nobody can sign in yet: make the first admin there with this code, or by hush user add',
    );
  }

  /** From the signal on nothing more is recorded than what had arrived by then. */
  async function shutMedia(closedBy: 'end' | 'restart'): Promise<void> {
    phase = 'stopping';
    ownership.leaving();
    srs.refuseNew();
    const { fenceTimeoutMs } = config.recording;
    const limitMs = fenceTimeoutMs + STEP_TIMEOUT_MS;
    await teardown.step('media', limitMs, () => recorder.stopMedia(closedBy));
  }

  /** Whoever listens, then whoever is being answered, then what works for itself. */
  async function close(): Promise<void> {
    phase = 'stopping';
    const step = (name: string, ...runs: (() => Promise<unknown> | undefined)[]) =>
      teardown.step(name, STEP_TIMEOUT_MS, ...runs);
    watch.close();
    standings?.close();
    await step(
      'listeners',
      async () => hub.close(),
      () => archive.close(),
    );
    const limitMs = config.http.closeTimeoutMs + STEP_TIMEOUT_MS;
    await teardown.step('HTTP', limitMs, () => http?.close());
    await step('SIP', () => srs.close());
    mark?.stopWaiting();
    await step(
      'background work',
      ...[() => daily.close(), () => retention.close(), () => archiveJob.close()],
      ...[() => uploader?.close(), () => webhooks.close(), () => inspections.settled()],
    );
    await step('bucket', () => mark?.close());
    certificates.http?.close();
    certificates.sip?.close();
    await step('media threads', () => recorder.close());
    output?.listen(undefined);
    restatements.abandon();
    await step('what was recorded', () => facts.close());
    await step('audit log', () => auditLog.close());
    await step('database', () => store.close());
    await step('ownership', () => ownership.release());
  }

  async function finish(): Promise<void> {
    await shutMedia('end');
    await teardown.step('recordings', config.finishTimeoutMs, async () => {
      await srs.hangUpAll();
      await lifecycle.finishAll();
    });
    lifecycle.abandon();
    await close();
  }

  function handOver(): Promise<void> {
    stopping ??= (async () => {
      await shutMedia('restart');
      await teardown.step('calls', STEP_TIMEOUT_MS, () => lifecycle.handOver());
      // What clients say from now on waits for the next process.
      await teardown.step('SIP', STEP_TIMEOUT_MS, () => srs.close());
      await close();
    })();
    return stopping;
  }

  ownership.onLost((reason) => {
    logger.fatal(reason);
    phase = 'stopping';
    // No packet is written from here on, whatever else takes its time.
    recorder.shutAll('restart');
    void recorder.close();
    lifecycle.abandon();
    stopping ??= close();
  });

  return {
    start,
    stop() {
      // Calls that were not taken up yet are not ours to end.
      if (phase === 'starting') return handOver();
      stopping ??= finish();
      return stopping;
    },
    handOver,
    abandon() {
      recorder.shutAll('restart');
      lifecycle.abandon();
      stopping ??= recorder.close().then(close);
      return stopping;
    },
    guardProcess() {
      const shutEverything = () => recorder.shutAll('restart');
      guardProcess({ logger, shutEverything, flush: () => output?.flushSync() });
    },
    reload() {
      certificates.http?.reload();
      certificates.sip?.reload();
    },
    onEvent: (eventListener) => bus.subscribe(eventListener),
    onOwnershipLost: (lostListener) => ownership.onLost(lostListener),
  };
}

/**
 * The store, as its owner, and the master keys that open what it holds: nothing has been read from
 * it, or written to it, before.
 */
async function openStore(
  config: Config,
  { adopt, ownership, logger, begun, whenStoreIsBack }: StoreMaking,
): Promise<{ store: SqlStore; keys: KeyRing; claimed: Claimed }> {
  const database = openDatabase(config, {
    onConnectionLost: (cause) => logger.warn({ err: cause }, 'a database connection was lost'),
    onAway: (cause) => logger.error({ err: cause }, 'the database does not answer'),
    onBack() {
      logger.warn('the database answers again');
      for (const listener of whenStoreIsBack) listener();
    },
  });
  begun.add('database', () => database.close());
  await database.mustAnswer();
  const store = await SqlStore.open(database);
  const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
  const onAdopt: OnAdopt = (old, place) => {
    const [before, now] = [toldPlace(old), toldPlace(place)];
    logger.warn({ before, now }, 'this copy is the original from now on: calls of it are not');
    const change = auditedChange(before, now);
    const caller = systemCaller(userInfo().username, 'cli');
    return auditLog.record(auditLog.entry(caller, { action: 'adopt', outcome: 'ok', change }));
  };
  const claimed = await ownership.claim(store.owner, adopt ? onAdopt : undefined);
  const keys = await openProvenKeys(config, store.keyChecks, {
    onMade: (file) =>
      logger.warn({ file }, 'a master key was made: who has it and the data folder can listen'),
    onUnopened: (count) =>
      logger.error({ count }, 'the master key does not open some of what the store holds'),
  });
  return { store, keys, claimed };
}

function signInsGuessed({ of, address, failures }: Guessing, windowMs: number): Omit<Alarm, 'at'> {
  const what = { user: 'one user', client: 'one client', address: 'any user' }[of];
  const seconds = Math.round(windowMs / 1000);
  const detail = `${failures} failed sign-ins of ${what} from ${address} within ${seconds} s`;
  return { kind: 'signInsGuessed', detail };
}

/** The console as it was built: two folders up from what is compiled, one from the sources. */
function consoleDir(): string {
  const up = import.meta.url.endsWith('.ts') ? '..' : '../..';
  return fileURLToPath(new URL(`${up}/console/dist`, import.meta.url));
}

/** Undefined where no certificate is configured. @throws Error naming a file that cannot be read */
function certificateOf(
  { certFile, keyFile, caFile, minVersion }: Config['http']['tls'],
  onError: (cause: unknown) => void,
): Certificate | undefined {
  if (certFile === undefined || keyFile === undefined) return undefined;
  return new Certificate({ certFile, keyFile, caFile, minVersion }, onError);
}

function urlOf(http: FastifyInstance): string {
  const address = http.server.address();
  if (address === null || typeof address === 'string') throw new Error('HTTP listens on no port');
  const scheme = 'setSecureContext' in http.server ? 'https' : 'http';
  const host = isIPv6(address.address) ? `[${address.address}]` : address.address;
  return `${scheme}://${host}:${address.port}`;
}
