import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AuditLog, AuditOf } from '../../domain/access/audit-log.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import { WebhookSettingsError, type Webhooks } from '../../domain/event/webhooks.ts';
import { uccNamePattern } from '../../domain/model/ucc.ts';
import type {
  DeadLetter,
  DeadLetterPage,
  Webhook,
  WebhookSettings,
} from '../../domain/model/webhook.ts';
import { auditOfChange } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';

export interface WebhooksPorts {
  readonly webhooks: Webhooks;
  readonly auditLog: AuditLog;
}

const tags = ['Webhooks'];
const MAX_URL_LENGTH = 2048;
const MAX_UCCS = 1000;
const MAX_SECRET_LENGTH = 128;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

const params = Type.Object({ name: Type.String({ pattern: uccNamePattern }) });
const webhookProperties = {
  name: Type.String(),
  url: Type.String(),
  uccs: Type.Array(Type.String(), { description: 'Empty: all of them' }),
  enabled: Type.Boolean({ description: 'Switched off by an answer of 410' }),
};
const webhookSchema = Type.Object(webhookProperties, { title: 'Webhook' });
const savedSchema = Type.Object(
  {
    ...webhookProperties,
    secret: Type.Optional(Type.String({ description: 'Made by Hush just now; shown this once' })),
  },
  { title: 'SavedWebhook' },
);
const settingsSchema = Type.Object(
  {
    url: Type.String({ maxLength: MAX_URL_LENGTH, description: 'http or https' }),
    uccs: Type.Optional(
      Type.Array(Type.String({ pattern: uccNamePattern }), { maxItems: MAX_UCCS }),
    ),
    secret: Type.Optional(
      Type.String({
        maxLength: MAX_SECRET_LENGTH,
        description: 'whsec_ and 24 to 64 bytes in base64; without it the old one, or a new one',
      }),
    ),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true' })),
  },
  { title: 'WebhookSettings', additionalProperties: false },
);
const deadLetterSchema = Type.Object(
  {
    uccName: Type.String(),
    sequence: Type.Integer(),
    attempts: Type.Integer(),
    lastStatus: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    reason: Type.String({ enum: ['rejected', 'timeout', 'unreachable', 'addressRefused'] }),
    failedAt: Type.String({ format: 'date-time' }),
  },
  { title: 'DeadLetter' },
);
const pageSchema = Type.Object({
  cursor: Type.Optional(Type.String({ description: 'nextCursor of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});
const nextCursor = Type.Unsafe<string | null>({ type: ['string', 'null'] });

interface Named {
  Params: { name: string };
}

export function webhookRoutes(app: FastifyInstance, services: WebhooksPorts): void {
  readRoutes(app, services);
  saveRoute(app, services);
  removeRoute(app, services);
  deadLetterRoutes(app, services);
  redeliveryRoute(app, services);
}

function readRoutes(app: FastifyInstance, { webhooks }: WebhooksPorts): void {
  app.get(
    '/api/webhooks',
    {
      config: { access: 'readWebhooks', audit: 'read' },
      schema: {
        operationId: 'listWebhooks',
        tags,
        summary: 'All webhooks, without their secrets',
        response: { 200: Type.Object({ items: Type.Array(webhookSchema) }) },
      },
    },
    async () => ({ items: webhooks.list().map(webhookView) }),
  );

  app.get<Named>(
    '/api/webhooks/:name',
    {
      config: { access: 'readWebhooks', audit: 'read' },
      schema: {
        operationId: 'getWebhook',
        ...{ tags, params, summary: 'A webhook, without its secret' },
        response: { 200: webhookSchema, 404: problemSchema },
      },
    },
    async (request, reply) => {
      const webhook = webhooks.get(request.params.name);
      return webhook ? webhookView(webhook) : sendProblem(reply, 404, 'No such webhook.');
    },
  );
}

function saveRoute(app: FastifyInstance, services: WebhooksPorts): void {
  const { webhooks } = services;
  app.put<Named & { Body: WebhookSettings }>(
    '/api/webhooks/:name',
    {
      config: { access: 'changeWebhooks', audit: 'change' },
      schema: {
        ...{ operationId: 'saveWebhook', tags, params, body: settingsSchema },
        summary: 'Create a webhook, or replace its settings; new UCCs begin with the next event',
        response: { 200: webhookSchema, 201: savedSchema, 400: problemSchema },
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      const { name } = request.params;
      try {
        const saved = await webhooks.put(
          name,
          request.body,
          audit(services, request, `webhook save ${name}`),
        );
        const secret = saved.newSecret === undefined ? {} : { secret: saved.newSecret };
        reply.header('Cache-Control', 'no-store').code(saved.created ? 201 : 200);
        return { ...webhookView(saved.webhook), ...secret };
      } catch (cause) {
        if (!(cause instanceof WebhookSettingsError)) throw cause;
        return sendProblem(reply, 400, cause.message);
      }
    },
  );
}

function removeRoute(app: FastifyInstance, services: WebhooksPorts): void {
  const { webhooks } = services;
  app.delete<Named>(
    '/api/webhooks/:name',
    {
      config: { access: 'changeWebhooks', audit: 'change' },
      schema: {
        ...{
          operationId: 'removeWebhook',
          tags,
          params,
          summary: 'Delete a webhook and its dead letters',
        },
        response: { 204: Type.Null(), 404: problemSchema },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const removed = await webhooks.remove(
        name,
        audit(services, request, `webhook remove ${name}`),
      );
      return removed ? reply.code(204).send() : sendProblem(reply, 404, 'No such webhook.');
    },
  );
}

function deadLetterRoutes(app: FastifyInstance, { webhooks }: WebhooksPorts): void {
  app.get<Named & { Querystring: { cursor?: string; limit?: number } }>(
    '/api/webhooks/:name/dead-letters',
    {
      config: { access: 'readWebhooks', audit: 'read' },
      schema: {
        operationId: 'listDeadLetters',
        ...{ tags, params, querystring: pageSchema },
        summary: 'Events that were given up, by UCC and sequence number',
        response: {
          200: Type.Object({ items: Type.Array(deadLetterSchema), nextCursor }),
          400: problemSchema,
          404: problemSchema,
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (!webhooks.get(name)) return sendProblem(reply, 404, 'No such webhook.');
      const { cursor, limit = DEFAULT_PAGE } = request.query;
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      if (cursor !== undefined && !after) return sendProblem(reply, 400, 'No cursor of ours.');
      const letters = await webhooks.deadLetters(name, { limit, ...(after ? { after } : {}) });
      const last = letters.length === limit ? letters.at(-1) : undefined;
      const next = last ? `${last.uccName}:${last.sequence}` : null;
      return { items: letters.map(deadLetterView), nextCursor: next };
    },
  );
}

function redeliveryRoute(app: FastifyInstance, services: WebhooksPorts): void {
  const { webhooks } = services;
  app.post<Named>(
    '/api/webhooks/:name/dead-letters/redeliver',
    {
      config: { access: 'changeWebhooks', audit: 'change' },
      schema: {
        operationId: 'redeliverDeadLetters',
        ...{ tags, params, summary: 'Try the dead letters once more, in their order' },
        response: {
          202: Type.Object({ deadLetters: Type.Integer({ description: 'That will be tried' }) }),
          404: problemSchema,
          409: problemSchema,
        },
      },
    },
    async (request, reply) => {
      const webhook = webhooks.get(request.params.name);
      if (!webhook) return sendProblem(reply, 404, 'No such webhook.');
      if (!webhook.enabled) return sendProblem(reply, 409, 'The webhook is not enabled.');
      const auditOf = audit(services, request, `webhook redeliver ${webhook.name}`);
      return reply.code(202).send({ deadLetters: await webhooks.redeliver(webhook.name, auditOf) });
    },
  );
}

function audit(services: WebhooksPorts, request: FastifyRequest, action: string): AuditOf {
  return auditOfChange(services.auditLog, request, { action });
}

function webhookView({ name, url, uccs, enabled }: Webhook) {
  return { name, url, uccs, enabled };
}

function deadLetterView({ webhook: _, failedAt, ...letter }: DeadLetter) {
  return { ...letter, failedAt: isoTime(failedAt) };
}

function parseCursor(text: string): DeadLetterPage['after'] {
  const match = /^([a-z0-9][a-z0-9._-]{0,63}):(\d{1,15})$/.exec(text);
  return match ? { uccName: match[1] ?? '', sequence: Number(match[2]) } : undefined;
}
