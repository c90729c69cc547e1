import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { AccessFilter, AccessOutcome, AccessRecord } from '../domain/access-trail.ts';
import { isoTime } from '../domain/event-view.ts';
import { uccKey } from '../domain/ucc.ts';
import { type PageQuery, pageFilter, pageProperties, readPage } from './paging.ts';
import { problemSchema } from './problems.ts';
import type { HttpServices } from './services.ts';

const outcomes = ['ok', 'refused', 'denied', 'failed'] satisfies AccessOutcome[];

interface TrailQuery extends PageQuery {
  who?: string;
  ucc?: string;
  recording?: string;
  outcome?: AccessOutcome;
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
      const filter = filterOf(query);
      const page = await readPage(query, (limit) =>
        services.store.accessTrail({ ...filter, limit }),
      );
      return { ...page, items: page.items.map(accessView) };
    },
  );
}

function filterOf(query: TrailQuery): Omit<AccessFilter, 'limit'> {
  const { who, ucc, recording, outcome, ...page } = query;
  return {
    ...(who === undefined ? {} : { who }),
    ...(ucc === undefined ? {} : { uccName: uccKey(ucc) }),
    ...(recording === undefined ? {} : { callId: recording.toLowerCase() }),
    ...(outcome === undefined ? {} : { outcome }),
    ...pageFilter(page),
  };
}

function accessView({ at, ...record }: AccessRecord) {
  return { ...record, at: isoTime(at) };
}
