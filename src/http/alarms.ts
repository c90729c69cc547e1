import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Principal } from '../domain/access.ts';
import type { AlarmFilter, AlarmRecord } from '../domain/assurance-store.ts';
import { isoTime } from '../domain/event-view.ts';
import { type AlarmKind, alarmKinds } from '../domain/events.ts';
import { uccKey } from '../domain/ucc.ts';
import { problemSchema } from './problems.ts';
import { scopeOf } from './scope.ts';
import type { HttpServices } from './services.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

interface AlarmQuery {
  ucc?: string;
  kind?: AlarmKind;
  open?: boolean;
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

const querySchema = Type.Object({
  ucc: Type.Optional(Type.String()),
  kind: Type.Optional(Type.String({ enum: [...alarmKinds] })),
  open: Type.Optional(Type.Boolean({ description: 'Of calls in progress, and not over' })),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  cursor: Type.Optional(
    Type.String({ format: 'uuid', description: 'nextCursor of the page before' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const alarmSchema = Type.Object({
  id: Type.String(),
  kind: Type.String({ enum: [...alarmKinds] }),
  at: Type.String({ format: 'date-time' }),
  clearedAt: Type.Unsafe<string | null>({
    ...{ type: ['string', 'null'], format: 'date-time' },
    description: 'null while it is open; the same as `at` where it tells of a moment',
  }),
  callId: nullableText,
  correlationId: nullableText,
  uccName: nullableText,
  detail: Type.String(),
});

export function alarmRoutes(app: FastifyInstance, services: HttpServices): void {
  app.get<{ Querystring: AlarmQuery }>(
    '/api/alarms',
    {
      config: { access: 'readAssurance' },
      schema: {
        tags: ['Assurance'],
        summary: 'What is open now and what was raised, newest first',
        querystring: querySchema,
        response: {
          200: Type.Object({ items: Type.Array(alarmSchema), nextCursor: nullableText }),
          400: problemSchema,
        },
      },
    },
    async ({ query, caller }) => {
      const limit = query.limit ?? DEFAULT_PAGE;
      const filter = filterOf(services, caller.principal, query);
      const alarms = await services.assurance.alarms({ ...filter, limit: limit + 1 });
      const page = alarms.slice(0, limit);
      const nextCursor = alarms.length > limit ? (page.at(-1)?.id ?? null) : null;
      return { items: page.map(alarmView), nextCursor };
    },
  );
}

/** Alarms of no UCC are for those who see all of them. */
function filterOf(
  services: HttpServices,
  principal: Principal,
  { ucc, kind, open, from, to, cursor }: AlarmQuery,
): Omit<AlarmFilter, 'limit'> {
  const scope = scopeOf(services, principal);
  const asked = ucc === undefined ? undefined : uccKey(ucc);
  const given = scope?.filter((name) => asked === undefined || name === asked);
  const uccs = given ?? (asked === undefined ? undefined : [asked]);
  return {
    ...(uccs === undefined ? {} : { uccs }),
    ...(kind === undefined ? {} : { kind }),
    ...(open === undefined ? {} : { open }),
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(cursor === undefined ? {} : { before: cursor.toLowerCase() }),
  };
}

function alarmView({ at, clearedAt, ...alarm }: AlarmRecord) {
  const cleared = clearedAt === null ? null : isoTime(clearedAt);
  return { ...alarm, at: isoTime(at), clearedAt: cleared };
}
