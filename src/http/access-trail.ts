import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AccessFilter, AccessOutcome, AccessRecord } from '../domain/access-trail.ts';
import { isoTime } from '../domain/event-view.ts';
import { uccKey } from '../domain/ucc.ts';
import { problemSchema } from './problems.ts';
import type { HttpServices } from './services.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
const outcomes = ['ok', 'refused', 'denied', 'failed'] satisfies AccessOutcome[];

interface TrailQuery {
  who?: string;
  ucc?: string;
  recording?: string;
  outcome?: AccessOutcome;
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

const querySchema = Type.Object({
  who: Type.Optional(Type.String()),
  ucc: Type.Optional(Type.String()),
  recording: Type.Optional(Type.String({ format: 'uuid', description: 'Id of a recording' })),
  outcome: Type.Optional(Type.String({ enum: outcomes })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  cursor: Type.Optional(
    Type.String({ format: 'uuid', description: 'nextCursor of the page before' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
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

export function accessTrailRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get<{ Querystring: TrailQuery }>(
    '/api/access-trail',
    {
      config: { access: 'readAccessTrail' },
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
      const limit = query.limit ?? DEFAULT_PAGE;
      const records = await services.store.accessTrail({ ...filterOf(query), limit: limit + 1 });
      const page = records.slice(0, limit);
      const nextCursor = records.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { items: page.map(accessView), nextCursor };
    },
  );
}

function filterOf(query: TrailQuery): Omit<AccessFilter, 'limit'> {
  const { who, ucc, recording, outcome, from, to, cursor } = query;
  return {
    ...(who === undefined ? {} : { who }),
    ...(ucc === undefined ? {} : { uccName: uccKey(ucc) }),
    ...(recording === undefined ? {} : { callId: recording.toLowerCase() }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(cursor === undefined ? {} : { before: cursor.toLowerCase() }),
  };
}

function accessView({ at, ...record }: AccessRecord) {
  return { ...record, at: isoTime(at) };
}
