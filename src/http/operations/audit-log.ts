import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { auditedChange } from '../../domain/access/audit-change.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import { parseGuid } from '../../domain/identifiers/correlation-id.ts';
import type { AuditFilter, AuditOutcome, AuditRecord } from '../../domain/model/audit-record.ts';
import { apiSurfaces } from '../../domain/model/principal.ts';
import { uccKey } from '../../domain/model/ucc.ts';
import type { Store } from '../../domain/ports/store.ts';
import { type PageQuery, pageFilter, pageProperties, readPage } from '../request/paging.ts';
import { problemSchema } from '../request/problems.ts';
import { auditCsv } from './audit-csv.ts';

export interface AuditLogPorts {
  readonly store: Store;
  readonly auditLog: AuditLog;
}

const outcomes = ['ok', 'refused', 'denied', 'failed'] satisfies AuditOutcome[];
const outcome = Type.String({ title: 'AuditOutcome', enum: outcomes });

interface AuditQuery extends PageQuery {
  who?: string;
  action?: string;
  ucc?: string;
  call?: string;
  recording?: string;
  outcome?: AuditOutcome;
  format?: 'json' | 'csv';
}

const querySchema = Type.Object({
  who: Type.Optional(Type.String()),
  action: Type.Optional(Type.String({ description: 'As rows have it' })),
  ucc: Type.Optional(Type.String()),
  call: Type.Optional(
    Type.String({ description: 'Id of a call, or its correlation id in any GUID spelling' }),
  ),
  recording: Type.Optional(Type.String({ format: 'uuid', description: 'Id of a recording' })),
  outcome: Type.Optional(outcome),
  format: Type.Optional(
    Type.Unsafe<'json' | 'csv'>({
      ...{ type: 'string', enum: ['json', 'csv'] },
      description: 'CSV has no pages: all that is asked for; also by Accept: text/csv',
    }),
  ),
  ...pageProperties,
});

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const changed = Type.Unsafe<Record<string, unknown> | null>({
  ...{ type: ['object', 'null'], additionalProperties: true },
  description: 'What a change changed: of lists what was taken out (before) and put in (after)',
});
const recordSchema = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: 'date-time' }),
    who: Type.String({ description: 'User name; anonymous without a token' }),
    client: nullableText,
    address: Type.String(),
    surface: Type.String({ title: 'ApiSurface', enum: [...apiSurfaces] }),
    requester: Type.Unsafe<string | null>({
      ...{ type: ['string', 'null'] },
      description: 'RequesterSipUri of a command',
    }),
    action: Type.String({ description: 'Pause, listen, token, user add, GET /api/calls ...' }),
    uccName: nullableText,
    correlationId: nullableText,
    callId: nullableText,
    outcome,
    reason: Type.Unsafe<string | null>({
      ...{ type: ['string', 'null'] },
      description: 'Of ok: the reason that was given; else why not',
    }),
    count: Type.Integer({ description: 'How many like it the row stands for' }),
    before: changed,
    after: changed,
  },
  { title: 'AuditRecord' },
);

const pageOrCsv = {
  description: 'A page, or as CSV all that is asked for',
  content: {
    'application/json': {
      schema: Type.Object({ items: Type.Array(recordSchema), nextCursor: nullableText }),
    },
    'text/csv': { schema: Type.String() },
  },
};

export function auditLogRoutes(app: FastifyInstance, services: AuditLogPorts): void {
  app.get<{ Querystring: AuditQuery }>(
    '/api/audit-log',
    {
      config: { access: 'readAuditLog', audit: 'read' },
      schema: {
        operationId: 'listAuditLog',
        tags: ['Access'],
        summary: 'Who did what, from where, on what, and what came of it; newest first',
        querystring: querySchema,
        response: {
          200: pageOrCsv,
          400: problemSchema,
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const filter = filterOf(query);
      if (wantsCsv(request)) return sendCsv(services, request, reply, filter);
      const page = await readPage(query, (limit) => services.store.auditLog({ ...filter, limit }));
      return { ...page, items: page.items.map(auditView) };
    },
  );
}

function wantsCsv({ query, headers }: FastifyRequest<{ Querystring: AuditQuery }>): boolean {
  if (query.format !== undefined) return query.format === 'csv';
  return /(^|[,\s])text\/csv\s*(?=$|[,;])/i.test(headers.accept ?? '');
}

/** A file that leaves, as every other. */
async function sendCsv(
  { store, auditLog }: AuditLogPorts,
  request: FastifyRequest,
  ...[reply, { before, ...filter }]: [FastifyReply, Omit<AuditFilter, 'limit'>]
): Promise<FastifyReply> {
  if (request.method !== 'HEAD') {
    const change = auditedChange(undefined, { format: 'csv', of: 'audit log' });
    await auditLog.exported(request.caller, { action: 'export', change });
    request.isAudited = true;
  }
  const lines = auditCsv((page) => store.auditLog({ ...filter, ...page }), before);
  reply.header('Cache-Control', 'no-store');
  reply.header('Content-Disposition', 'attachment; filename="audit-log.csv"');
  reply.type('text/csv; charset=utf-8; header=present');
  return reply.send(Readable.from(lines, { objectMode: false }));
}

function filterOf(query: AuditQuery): Omit<AuditFilter, 'limit'> {
  const { who, action, ucc, call, recording, outcome, format: _, ...page } = query;
  return {
    ...(who === undefined ? {} : { who }),
    ...(action === undefined ? {} : { action }),
    ...(ucc === undefined ? {} : { uccName: uccKey(ucc) }),
    ...(call === undefined ? {} : { call: parseGuid(call) ?? call }),
    ...(recording === undefined ? {} : { callId: recording.toLowerCase() }),
    ...(outcome === undefined ? {} : { outcome }),
    ...pageFilter(page),
  };
}

function auditView({ at, before, after, ...record }: AuditRecord) {
  return { ...record, at: isoTime(at), before: parsed(before), after: parsed(after) };
}

function parsed(json: string | null): Record<string, unknown> | null {
  return json === null ? null : JSON.parse(json);
}
