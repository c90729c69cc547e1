import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AuditFilter, AuditOutcome, AuditRecord } from '../domain/audit-log.ts';
import { isoTime } from '../domain/event-view.ts';
import { uccKey } from '../domain/ucc.ts';
import { type PageQuery, pageFilter, pageProperties, readPage } from './paging.ts';
import { problemSchema } from './problems.ts';
import type { HttpServices } from './services.ts';

const outcomes = ['ok', 'refused', 'denied', 'failed'] satisfies AuditOutcome[];

interface AuditQuery extends PageQuery {
  who?: string;
  ucc?: string;
  recording?: string;
  outcome?: AuditOutcome;
}

const querySchema = Type.Object({
  who: Type.Optional(Type.String()),
  ucc: Type.Optional(Type.String()),
  recording: Type.Optional(Type.String({ format: 'uuid', description: 'Id of a recording' })),
  outcome: Type.Optional(Type.String({ enum: outcomes })),
  ...pageProperties,
});

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const recordSchema = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  who: Type.String({ description: 'User name; anonymous without a token' }),
  client: nullableText,
  address: Type.String(),
  door: Type.String({ enum: ['v1', 'v2', 'api', 'hub', 'issuer', 'cli'] }),
  action: Type.String({ description: 'Pause, listen, token, user add, GET /api/calls ...' }),
  uccName: nullableText,
  correlationId: nullableText,
  callId: nullableText,
  outcome: Type.String({ enum: outcomes }),
  reason: nullableText,
  count: Type.Integer({ description: 'How many like it the row stands for' }),
});

export function auditLogRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get<{ Querystring: AuditQuery }>(
    '/api/audit-log',
    {
      config: { access: 'readAuditLog' },
      schema: {
        tags: ['Access'],
        summary: 'Who did what, from where, on what, and what came of it; newest first',
        querystring: querySchema,
        response: {
          200: Type.Object({ items: Type.Array(recordSchema), nextCursor: nullableText }),
          400: problemSchema,
        },
      },
    },
    async ({ query }) => {
      const filter = filterOf(query);
      const page = await readPage(query, (limit) =>
        services.store.auditLog({ ...filter, limit }),
      );
      return { ...page, items: page.items.map(auditView) };
    },
  );
}

function filterOf(query: AuditQuery): Omit<AuditFilter, 'limit'> {
  const { who, ucc, recording, outcome, ...page } = query;
  return {
    ...(who === undefined ? {} : { who }),
    ...(ucc === undefined ? {} : { uccName: uccKey(ucc) }),
    ...(recording === undefined ? {} : { callId: recording.toLowerCase() }),
    ...(outcome === undefined ? {} : { outcome }),
    ...pageFilter(page),
  };
}

function auditView({ at, ...record }: AuditRecord) {
  return { ...record, at: isoTime(at) };
}
