import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { isoTime } from '../../domain/event/event-view.ts';
import type { AlarmKind, AlarmRecord } from '../../domain/model/alarm.ts';
import type { Principal } from '../../domain/model/principal.ts';
import { uccKey } from '../../domain/model/ucc.ts';
import type { AlarmFilter, AssuranceStore } from '../../domain/ports/assurance-store.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import { alarmKind } from '../description/enums.ts';
import { none } from '../request/audit.ts';
import { type PageQuery, pageFilter, pageProperties, readPage } from '../request/paging.ts';
import { problemSchema } from '../request/problems.ts';
import { scopeOf } from '../request/scope.ts';

export interface AlarmsPorts {
  readonly uccs: UccRegistry;
  readonly assurance: AssuranceStore;
}

interface AlarmQuery extends PageQuery {
  ucc?: string;
  kind?: AlarmKind;
  open?: boolean;
}

const querySchema = Type.Object({
  ucc: Type.Optional(Type.String()),
  kind: Type.Optional(alarmKind),
  open: Type.Optional(Type.Boolean({ description: 'Of calls in progress, and not over' })),
  ...pageProperties,
});

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const alarmSchema = Type.Object(
  {
    id: Type.String(),
    kind: alarmKind,
    at: Type.String({ format: 'date-time' }),
    clearedAt: Type.Unsafe<string | null>({
      ...{ type: ['string', 'null'], format: 'date-time' },
      description: 'null while it is open; the same as `at` where it tells of a moment',
    }),
    callId: nullableText,
    correlationId: nullableText,
    uccName: nullableText,
    detail: Type.String(),
  },
  { title: 'Alarm' },
);

export function alarmRoutes(app: FastifyInstance, services: AlarmsPorts): void {
  app.get<{ Querystring: AlarmQuery }>(
    '/api/alarms',
    {
      config: { access: 'readAssurance', audit: none('alarms name calls, and no person') },
      schema: {
        operationId: 'listAlarms',
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
      const filter = filterOf(services, caller.principal, query);
      const page = await readPage(query, (limit) =>
        services.assurance.alarms({ ...filter, limit }),
      );
      return { ...page, items: page.items.map(alarmView) };
    },
  );
}

/** Alarms of no UCC are for those who see all of them. */
function filterOf(
  services: AlarmsPorts,
  principal: Principal,
  { ucc, kind, open, ...page }: AlarmQuery,
): Omit<AlarmFilter, 'limit'> {
  const scope = scopeOf(services, principal);
  const asked = ucc === undefined ? undefined : uccKey(ucc);
  const given = scope?.filter((name) => asked === undefined || name === asked);
  const uccs = given ?? (asked === undefined ? undefined : [asked]);
  return {
    ...(uccs === undefined ? {} : { uccs }),
    ...(kind === undefined ? {} : { kind }),
    ...(open === undefined ? {} : { open }),
    ...pageFilter(page),
  };
}

function alarmView({ at, clearedAt, ...alarm }: AlarmRecord) {
  const cleared = clearedAt === null ? null : isoTime(clearedAt);
  return { ...alarm, at: isoTime(at), clearedAt: cleared };
}
