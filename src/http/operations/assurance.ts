import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { dateAfter, dateAt, dayOf } from '../../domain/assurance/calendar-day.ts';
import { type CallToLookAt, MAX_LOOK_AT, sumUpDay } from '../../domain/assurance/daily-summary.ts';
import {
  MAX_RECONCILED,
  missingBecause,
  reconcile,
} from '../../domain/assurance/reconciliation.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import { parseGuid } from '../../domain/identifiers/correlation-id.ts';
import type { AssuranceStore } from '../../domain/ports/assurance-store.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import { none } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { isGiven, scopeOf } from '../request/scope.ts';

export interface AssurancePorts {
  readonly uccs: UccRegistry;
  readonly assurance: AssuranceStore;
  /** Days begin and end in this time zone. */
  readonly timeZone: string;
  /** Unix ms */
  now(): number;
}

const tags = ['Assurance'];
const MAX_ID_LENGTH = 128;
/** Room for all ids at their longest. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

const count = Type.Integer();
const texts = Type.Array(Type.String());
const time = Type.String({ format: 'date-time' });

const dailySchema = Type.Object(
  {
    date: Type.String({ format: 'date' }),
    timeZone: Type.String(),
    from: time,
    to: time,
    uccs: Type.Array(
      Type.Object(
        {
          uccName: Type.String(),
          calls: Type.Integer({ description: 'Begun on the day' }),
          recorded: Type.Integer({ description: 'That were to be recorded' }),
          kept: count,
          complete: count,
          degraded: count,
          missing: count,
          tooShort: Type.Integer({
            description: 'Over before audio could be expected; no other count',
          }),
          unjudged: Type.Integer({ description: 'In progress, or of an older release' }),
          destroyed: Type.Integer({ description: 'By flag' }),
          keptMs: count,
          pauses: count,
          unconfirmedFences: count,
          nothingKept: Type.Boolean({
            description: 'Calls were to be recorded, and nothing is kept',
          }),
          alarms: Type.Record(Type.String(), Type.Integer()),
        },
        { title: 'UccSummary' },
      ),
    ),
    lookAt: Type.Array(
      Type.Object(
        {
          callId: Type.String(),
          correlationId: Type.String(),
          uccName: Type.String(),
          beganAt: time,
          verdict: Type.String({ enum: ['degraded', 'missing'] }),
          reasons: texts,
        },
        { title: 'CallToLookAt' },
      ),
      { description: `Worst first, at most ${MAX_LOOK_AT}` },
    ),
    lookAtCount: count,
  },
  { title: 'DailySummary' },
);

const reconciliationSchema = Type.Object(
  {
    complete: texts,
    degraded: Type.Array(
      Type.Object({ correlationId: Type.String(), callId: Type.String(), reasons: texts }),
    ),
    destroyed: texts,
    inProgress: texts,
    missing: Type.Array(
      Type.Object({
        correlationId: Type.String(),
        why: Type.String({ enum: [...missingBecause] }),
      }),
    ),
  },
  { title: 'Reconciliation' },
);

export function assuranceRoutes(app: FastifyInstance, services: AssurancePorts): void {
  dailyRoute(app, services);
  app.post<{ Body: { correlationIds: string[] } }>(
    '/api/assurance/reconcile',
    {
      config: { access: 'reconcile', audit: none('compares ids, and changes nothing') },
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        operationId: 'reconcile',
        tags,
        summary: 'Which calls of another system have no recording, or a poor one',
        body: Type.Object(
          {
            correlationIds: Type.Array(Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH }), {
              maxItems: MAX_RECONCILED,
            }),
          },
          { title: 'ReconciliationRequest', additionalProperties: false },
        ),
        response: { 200: reconciliationSchema, 400: problemSchema },
      },
    },
    async ({ body, caller }) => {
      const ids = body.correlationIds.map((id) => parseGuid(id) ?? id);
      const isSeen = (uccName: string) => isGiven(services, caller.principal, uccName);
      return reconcile(services.assurance, ids, isSeen);
    },
  );
}

function dailyRoute(app: FastifyInstance, services: AssurancePorts): void {
  app.get<{ Querystring: { date?: string } }>(
    '/api/assurance/daily',
    {
      config: { access: 'readAssurance', audit: none('counts, and ids of calls') },
      schema: {
        operationId: 'getDailySummary',
        tags,
        summary: 'What became of the calls of a day, and which of them need a look',
        querystring: Type.Object({
          date: Type.Optional(
            Type.String({ description: '2026-03-29, in assurance.timeZone; default yesterday' }),
          ),
        }),
        response: { 200: dailySchema, 400: problemSchema },
      },
    },
    async ({ query, caller }, reply) => {
      const { timeZone } = services;
      const date = query.date ?? dateAfter(dateAt(services.now(), timeZone), -1) ?? '';
      const day = dayOf(date, timeZone);
      if (!day) return sendProblem(reply, 400, 'date is a day such as 2026-03-29.');
      const uccs = scopeOf(services, caller.principal);
      const summary = await sumUpDay(services.assurance, { ...day, ...(uccs ? { uccs } : {}) });
      return {
        ...{ date, timeZone, from: isoTime(day.from), to: isoTime(day.to), uccs: summary.uccs },
        ...{ lookAt: summary.lookAt.map(lookAtView), lookAtCount: summary.lookAtCount },
      };
    },
  );
}

function lookAtView({ beganAt, ...call }: CallToLookAt) {
  return { ...call, beganAt: isoTime(beganAt) };
}
