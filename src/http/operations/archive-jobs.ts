import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import { auditedChange, SECRET_CHANGED } from '../../domain/access/audit-change.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import type { BackgroundJobStatus } from '../../domain/common/background-job.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import type {
  ArchiveReport,
  CheckRequest,
  StorageReport,
} from '../../domain/ports/archive-report.ts';
import type { Recorder } from '../../domain/ports/recorder.ts';
import { auditOfChange, none } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';

export interface KeyRotationProgress {
  /** Names the current master key. */
  readonly keyId: string;
  readonly looked: number;
  readonly rewrapped: number;
  readonly unopened: number;
}

export interface ArchiveJobsPorts {
  readonly recorder: Recorder;
  readonly auditLog: AuditLog;
  readonly archiveJob: {
    checkStatus(): BackgroundJobStatus<ArchiveReport> | undefined;
    /** Starts one; undefined while one is running. */
    startCheck(request: CheckRequest): BackgroundJobStatus<ArchiveReport> | undefined;
    rotationStatus(): BackgroundJobStatus<KeyRotationProgress> | undefined;
    /** Starts one; undefined while one is running. */
    startRotation(): BackgroundJobStatus<KeyRotationProgress> | undefined;
    /** False where the master key is configured. */
    readonly canRotate: boolean;
  };
  storage(): Promise<StorageReport>;
}

const tags = ['Archive'];

const reportSchema = Type.Object(
  {
    files: Type.Integer({ description: 'On disk and in the bucket' }),
    bytes: Type.Integer(),
    segments: Type.Integer({ description: 'That have a key' }),
    orphans: Type.Integer({ description: 'Files that no key opens' }),
    strangers: Type.Integer({ description: 'Files of no call that is known here; never removed' }),
    missing: Type.Integer({ description: 'Segments without a file' }),
    damaged: Type.Integer({ description: 'Segments that are not what was sealed' }),
    removed: Type.Integer(),
    findings: Type.Array(
      Type.Object(
        {
          kind: Type.String({ enum: ['orphan', 'stranger', 'missing', 'damaged'] }),
          path: Type.String(),
          detail: Type.String(),
        },
        { title: 'ArchiveFinding' },
      ),
    ),
  },
  { title: 'ArchiveReport' },
);

const rotationSchema = Type.Object(
  {
    keyId: Type.String({ description: 'Names the current master key without telling it' }),
    looked: Type.Integer({ description: 'Keys that were looked at' }),
    rewrapped: Type.Integer(),
    unopened: Type.Integer({ description: 'Keys that no master key opens: they stay as they are' }),
  },
  { title: 'KeyRotationProgress' },
);

const storageSchema = Type.Object(
  {
    takesWrites: Type.Boolean({ description: 'False after a failed write, until one works again' }),
    freeBytes: Type.Integer(),
    totalBytes: Type.Integer(),
    spool: Type.Unsafe<{ bytes: number; maxBytes: number } | null>({
      ...{ type: ['object', 'null'], additionalProperties: false, required: ['bytes', 'maxBytes'] },
      properties: { bytes: { type: 'integer' }, maxBytes: { type: 'integer' } },
      description: 'What waits for the bucket; null where there is none',
    }),
  },
  { title: 'Storage' },
);

function statusSchema<Progress extends TSchema>(title: string, progress: Progress) {
  return Type.Object(
    {
      state: Type.String({ enum: ['running', 'done', 'failed'] }),
      startedAt: Type.String({ format: 'date-time' }),
      endedAt: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
      failure: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
      progress,
    },
    { title },
  );
}

const checkBody = Type.Object(
  {
    deep: Type.Optional(Type.Boolean({ description: 'Open every chunk of every recording' })),
    remove: Type.Optional(Type.Boolean({ description: 'Remove orphans' })),
  },
  { title: 'ArchiveCheckRequest', additionalProperties: false },
);

export function archiveJobRoutes(app: FastifyInstance, services: ArchiveJobsPorts): void {
  checkRoutes(app, services);
  rotationRoutes(app, services);
  storageRoute(app, services);
}

function storageRoute(app: FastifyInstance, { storage, recorder }: ArchiveJobsPorts): void {
  app.get(
    '/api/archive/storage',
    {
      config: { access: 'readAssurance', audit: none('room on a disk') },
      schema: {
        operationId: 'getStorage',
        ...{ tags, response: { 200: storageSchema } },
        summary: 'Room on the disk that recordings are sealed to',
      },
    },
    async () => ({ ...(await storage()), takesWrites: recorder.available }),
  );
}

function checkRoutes(app: FastifyInstance, services: ArchiveJobsPorts): void {
  const { archiveJob } = services;
  const status = statusSchema('ArchiveCheck', reportSchema);

  app.get(
    '/api/archive/check',
    {
      config: { access: 'readArchive', audit: none('counts and paths of files') },
      schema: {
        operationId: 'getArchiveCheck',
        ...{ tags, response: { 200: status, 404: problemSchema } },
        summary: 'How far the check of the archive is, or what the last one found',
      },
    },
    (_request, reply) => {
      const running = archiveJob.checkStatus();
      return running ? view(running) : sendProblem(reply, 404, 'Nothing has been checked yet.');
    },
  );

  app.post<{ Body: Static<typeof checkBody> }>(
    '/api/archive/check',
    {
      config: { access: 'changeArchive', audit: 'change' },
      schema: {
        operationId: 'startArchiveCheck',
        ...{ tags, body: checkBody, response: { 202: status, 409: problemSchema } },
        summary: 'Compare disk and bucket with what there are keys for',
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const { deep = false, remove = false } = request.body;
      if (archiveJob.checkStatus()?.state === 'running') {
        return sendProblem(reply, 409, 'A check is running.');
      }
      const action = remove ? 'archive check and removal' : 'archive check';
      await recordBegun(services, request, { action, after: { deep, remove } });
      const started = archiveJob.startCheck({ deep, remove });
      if (!started) return sendProblem(reply, 409, 'A check is running.');
      return reply.code(202).send(view(started));
    },
  );
}

function rotationRoutes(app: FastifyInstance, services: ArchiveJobsPorts): void {
  const { archiveJob } = services;
  const status = statusSchema('KeyRotation', rotationSchema);

  app.get(
    '/api/archive/key-rotation',
    {
      config: { access: 'readArchive', audit: none('counts keys') },
      schema: {
        operationId: 'getKeyRotation',
        ...{ tags, response: { 200: status, 404: problemSchema } },
        summary: 'How far the rotation of the master key is',
      },
    },
    (_request, reply) => {
      const running = archiveJob.rotationStatus();
      return running ? view(running) : sendProblem(reply, 404, 'No key has been rotated yet.');
    },
  );

  app.post(
    '/api/archive/key-rotation',
    {
      config: { access: 'changeArchive', audit: 'change' },
      schema: {
        operationId: 'startKeyRotation',
        ...{ tags, response: { 202: status, 409: problemSchema } },
        summary: 'A new master key, while calls go on; of embedded mode',
      },
    },
    async (request, reply) => {
      if (archiveJob.rotationStatus()?.state === 'running') {
        return sendProblem(reply, 409, 'A rotation is running.');
      }
      if (!archiveJob.canRotate) {
        return sendProblem(reply, 409, 'The master key is configured: replace it there.');
      }
      const after = { masterKey: SECRET_CHANGED };
      await recordBegun(services, request, { action: 'key rotation', after });
      const started = archiveJob.startRotation();
      if (!started) return sendProblem(reply, 409, 'A rotation is running.');
      return reply.code(202).send(view(started));
    },
  );
}

/** Writes the audit row before the job begins: its effects are not in one commit. */
async function recordBegun(
  { auditLog }: ArchiveJobsPorts,
  request: FastifyRequest,
  { action, after }: { readonly action: string; readonly after: object },
): Promise<void> {
  await auditLog.record(auditOfChange(auditLog, request, { action })(auditedChange({}, after)));
}

function view<Progress>({ startedAt, endedAt, ...rest }: BackgroundJobStatus<Progress>) {
  return {
    ...rest,
    startedAt: isoTime(startedAt),
    endedAt: endedAt === null ? null : isoTime(endedAt),
  };
}
