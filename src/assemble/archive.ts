import { randomUUID } from 'node:crypto';
import { SealedArchive } from '../archive/archive.ts';
import { ArchiveJobs } from '../archive/archive-jobs.ts';
import { BucketMark } from '../archive/files/bucket-mark.ts';
import { filesSettingsOf, openFiles, SpooledFiles } from '../archive/files/open-files.ts';
import { S3Files, type S3Settings } from '../archive/files/s3-files.ts';
import { Uploader } from '../archive/files/uploader.ts';
import { KeyRotation } from '../archive/keys/key-rotation.ts';
import { masterKeyFile } from '../archive/keys/master-key.ts';
import { systemCaller } from '../domain/access/access.ts';
import { AudioInspections } from '../domain/recording/audio-inspections.ts';
import { Erasures } from '../domain/recording/erasures.ts';
import { LegalHolds } from '../domain/recording/legal-holds.ts';
import { RecordingLock } from '../domain/recording/recording-lock.ts';
import { Retention } from '../domain/retention/retention.ts';
import type { AccessParts } from './access.ts';
import type { AssuranceParts } from './assurance.ts';
import { type Context, Late } from './context.ts';
import type { EventParts } from './events.ts';
import type { StoreParts } from './store.ts';

const BUCKET_MARK_MS = 20_000;

export type ArchiveParts = ReturnType<typeof assembleArchive>;

interface Needs {
  readonly store: StoreParts;
  readonly events: EventParts;
  readonly assurance: AssuranceParts;
  readonly access: AccessParts;
}

/** Files and their playback, uploads, checks, holds, erasures, retention and key rotation. */
export function assembleArchive(context: Context, needs: Needs) {
  const { disposal, clock } = context;
  const { store } = needs.store;
  const { journal, bus } = needs.events;
  const { alarms } = needs.assurance;
  const retention = new Late<Retention>('retention');
  const stored = openArchive(context, needs, retention);
  const { archive, files, mark, lock, inspections } = stored;
  const erasures = new Erasures({
    kept: lock,
    store,
    keeping: store.keeping,
    archive,
    journal,
    alarms,
    clock,
    onUnfinished: () => retention.value.retrySoon(),
  });
  retention.set(newRetention(context, needs, { erasures, mark }));
  const jobs = newJobs(context, needs, stored);
  const uploader = newUploader(context, needs, stored);
  disposal.add('bucket', () => mark?.close());
  disposal.add('background work', [
    () => retention.value.close(),
    () => jobs.close(),
    () => uploader?.close(),
    () => inspections.settled(),
  ]);
  disposal.add('bucket mark', () => mark?.stopWaiting());
  bus.subscribe(({ type, callId }) => {
    if (type === 'recordingSaved' || type === 'recordingErased') uploader?.add(callId);
    if (type === 'recordingErased') inspections.notice(callId, 'whole');
    if (type === 'recordingDestroyed') alarms.close(callId, 'audioMissing');
  });
  const legalHolds = new LegalHolds({ kept: lock, keeping: store.keeping, journal, clock });
  return {
    archive,
    files,
    mark,
    lock,
    erasures,
    legalHolds,
    retention: retention.value,
    jobs,
    uploader,
  };
}

/** The files of all recordings, what plays them, and what looks again where a file is amiss. */
function openArchive(context: Context, needs: Needs, retention: Late<Retention>) {
  const { config } = context;
  const { store, keys, recordingsDir } = needs.store;
  const { calls, journal } = needs.events;
  const { alarms, assessor, onFailed } = needs.assurance;
  const filesSettings = filesSettingsOf(recordingsDir, config.archive.s3);
  const mark = filesSettings.s3 && newBucketMark(context, needs, filesSettings.s3, retention);
  const files = openFiles(filesSettings, mark);
  const lock = new RecordingLock({ calls, store });
  const archive = new SealedArchive({
    files,
    filesSettings,
    keys,
    store,
    keeping: store.keeping,
    maxExports: config.archive.maxExports,
    onFinding: (...found) => inspections.notice(...found),
  });
  const inspections = new AudioInspections({
    kept: lock,
    store,
    archive,
    journal,
    alarms,
    onError: onFailed,
    healthOf: (record) => assessor.healthOf(record),
  });
  return { files, mark, lock, archive, inspections };
}

function newBucketMark(
  { overrides, logger, life }: Context,
  { store: { claimed }, assurance: { alarms } }: Needs,
  s3: S3Settings,
  retention: Late<Retention>,
): BucketMark {
  const { instance, place } = claimed;
  return new BucketMark({
    bucket: new S3Files(s3),
    instance,
    run: randomUUID(),
    host: place.host,
    path: place.path,
    intervalMs: overrides.bucketMarkMs ?? BUCKET_MARK_MS,
    onShared(detail) {
      const doing = 'this one uploads nothing, and destroys nothing by age or in the bucket';
      alarms.begin('bucketShared', `Another Hush is at work as the same: ${detail}; ${doing}`);
    },
    onOurs() {
      alarms.finish('bucketShared');
      if (life.phase === 'ready') void retention.value.clean();
    },
    onError: (cause) => logger.warn({ err: cause }, 'the bucket could not be marked'),
  });
}

function newRetention(
  { config, logger }: Context,
  { store: { store }, events: { uccs }, assurance, access: { auditLog } }: Needs,
  { erasures, mark }: { readonly erasures: Erasures; readonly mark: BucketMark | undefined },
): Retention {
  return new Retention({
    uccs,
    keeping: store.keeping,
    store,
    erasures,
    alarms: assurance.alarms,
    clock: assurance.trustedClock,
    intervalMs: config.archive.cleanIntervalMs,
    maxDestroyedPerPass: config.archive.maxDestroyedPerPass,
    mayDestroy: () => mark?.isOurs ?? true,
    audit: ({ uccName, correlationId, id: callId }) =>
      auditLog.entry(systemCaller('retention', 'hush'), {
        action: 'erase',
        uccName,
        correlationId,
        callId,
        outcome: 'ok',
        reason: 'retention',
      }),
    onError: (cause) => logger.error({ err: cause }, 'retention failed; it is tried again'),
  });
}

type Stored = ReturnType<typeof openArchive>;

function newJobs(
  { config, clock }: Context,
  { store: { store, keys, vault } }: Needs,
  { files, lock, archive, inspections }: Stored,
): ArchiveJobs {
  const { keeping } = store;
  const rotation = new KeyRotation({
    keys,
    file: masterKeyFile(config),
    keeping,
    keyChecks: store.keyChecks,
    vault,
    settled: () => lock.settled(),
  });
  return new ArchiveJobs({
    files,
    keys,
    store,
    keeping,
    rotation,
    now: () => clock.now(),
    exclusively: (callId, look) => lock.run(callId, look),
    missing: (callId) => archive.missing(callId),
    onFinding: (...found) => inspections.notice(...found),
  });
}

function newUploader(
  { config, logger }: Context,
  { store: { store }, assurance: { alarms } }: Needs,
  { files, lock }: Stored,
): Uploader | undefined {
  if (!(files instanceof SpooledFiles)) return undefined;
  return new Uploader({
    ...config.archive.s3,
    disk: files.disk,
    bucket: files.bucket,
    store,
    alarms,
    exclusively: (callId, upload) => lock.run(callId, upload),
    onError: (cause) => logger.warn({ err: cause }, 'an upload failed; it is tried again'),
  });
}
