import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { AccountService } from '../../domain/access/account-service.ts';
import {
  type Entry,
  LastAdminError,
  MAX_PASSWORD_BYTES,
  MIN_PASSWORD_CHARACTERS,
  PersonSettingsError,
  type UserSettings,
} from '../../domain/access/account-service.ts';
import type { AuditLog } from '../../domain/access/audit-log.ts';
import { isoTime } from '../../domain/event/event-view.ts';
import { personNamePattern, type UserRecord } from '../../domain/model/account.ts';
import { roleName } from '../description/enums.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';

export interface PeoplePorts {
  /** Present in mode `embedded`. */
  readonly accounts: AccountService | undefined;
  readonly auditLog: AuditLog;
}

const tags = ['People'];
const MAX_UCCS = 1_000;
const elsewhere = 'People are kept elsewhere: auth.mode is not embedded.';

const time = Type.String({ format: 'date-time' });
const userSchema = Type.Object(
  {
    name: Type.String(),
    roles: Type.Array(roleName),
    uccs: Type.Array(Type.String({ description: '`*` is all of them' })),
    sipUri: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    createdAt: time,
  },
  { title: 'User' },
);
const settingsSchema = Type.Object(
  {
    roles: Type.Array(roleName, { minItems: 1 }),
    uccs: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: MAX_UCCS })),
    sipUri: Type.Optional(
      Type.Unsafe<string | null>({
        ...{ type: ['string', 'null'], maxLength: 256 },
        description: 'Whom the user speaks as; an agent needs one',
      }),
    ),
    password: Type.Optional(
      Type.String({
        ...{ minLength: MIN_PASSWORD_CHARACTERS, maxLength: MAX_PASSWORD_BYTES },
        description: 'Of a new user; or in the place of the one there is',
      }),
    ),
  },
  { title: 'UserSettings', additionalProperties: false },
);
const clientSchema = Type.Object({ id: Type.String(), createdAt: time }, { title: 'Client' });
const secretSchema = Type.Object(
  {
    id: Type.String(),
    secret: Type.String({ description: 'Made by Hush just now; shown this once' }),
  },
  { title: 'ClientSecret' },
);

const nothingSchema = Type.Object({}, { additionalProperties: false });
const userParams = Type.Object({ name: Type.String({ pattern: personNamePattern }) });
const clientParams = Type.Object({ id: Type.String({ pattern: personNamePattern }) });
interface Named {
  Params: { name: string };
}
interface ById {
  Params: { id: string };
}

/** Users and clients of the embedded issuer; with another mode there are none here. */
export function peopleRoutes(app: FastifyInstance, services: PeoplePorts): void {
  usersRoute(app, services);
  userChangeRoutes(app, services);
  clientsRoute(app, services);
  clientChangeRoutes(app, services);
}

function usersRoute(app: FastifyInstance, { accounts }: PeoplePorts): void {
  app.get(
    '/api/users',
    {
      config: { access: 'readPeople', audit: 'read' },
      schema: {
        operationId: 'listUsers',
        ...{ tags, summary: 'People and services that sign in, by name' },
        response: { 200: Type.Object({ items: Type.Array(userSchema) }), 404: problemSchema },
      },
    },
    async (_, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      return { items: (await accounts.users()).map(userView) };
    },
  );
}

function userChangeRoutes(app: FastifyInstance, { accounts, auditLog }: PeoplePorts): void {
  app.put<Named & { Body: UserSettings }>(
    '/api/users/:name',
    {
      config: { access: 'changePeople', audit: 'change' },
      schema: {
        ...{ operationId: 'saveUser', tags, params: userParams, body: settingsSchema },
        summary:
          'Add a user, or replace the settings of one: what it was given before ends at once',
        description: '409: nobody would be left who is an admin.',
        response: {
          ...{ 200: userSchema, 201: userSchema, 400: problemSchema, 404: problemSchema },
          409: problemSchema,
        },
      },
      validatorCompiler: strict,
    },
    (request, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      const { body, params } = request;
      return orProblem(auditLog, reply, async () => {
        const entry = entryOf(auditLog, request);
        const { user, isNew } = await accounts.saveUser(params.name, body, entry);
        reply.code(isNew ? 201 : 200);
        return userView(user);
      });
    },
  );

  app.delete<Named>(
    '/api/users/:name',
    {
      config: { access: 'changePeople', audit: 'change' },
      schema: {
        ...{ operationId: 'removeUser', tags, params: userParams },
        summary: 'Remove a user: its tokens, tickets and connections end within seconds',
        description: '409: nobody would be left who is an admin.',
        response: { 204: Type.Null(), 404: problemSchema, 409: problemSchema },
      },
    },
    (request, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      return orProblem(auditLog, reply, async () => {
        const { name } = request.params;
        const isRemoved = await accounts.removeUser(name, entryOf(auditLog, request));
        return isRemoved ? reply.code(204).send() : sendProblem(reply, 404, 'No such user.');
      });
    },
  );
}

function clientsRoute(app: FastifyInstance, { accounts }: PeoplePorts): void {
  app.get(
    '/api/clients',
    {
      config: { access: 'readPeople', audit: 'read' },
      schema: {
        operationId: 'listClients',
        ...{ tags, summary: 'Programs that may ask for tokens' },
        response: { 200: Type.Object({ items: Type.Array(clientSchema) }), 404: problemSchema },
      },
    },
    async (_, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      const clients = await accounts.clients();
      return { items: clients.map(({ id, createdAt }) => ({ id, createdAt: isoTime(createdAt) })) };
    },
  );
}

function clientChangeRoutes(app: FastifyInstance, { accounts, auditLog }: PeoplePorts): void {
  app.put<ById>(
    '/api/clients/:id',
    {
      config: { access: 'changePeople', audit: 'change' },
      schema: {
        operationId: 'saveClient',
        ...{ tags, params: clientParams, body: nothingSchema },
        summary: 'Add a client, or give it a new secret: the old one, and its tokens, end',
        response: {
          ...{ 200: secretSchema, 201: secretSchema, 400: problemSchema, 404: problemSchema },
        },
      },
      validatorCompiler: strict,
    },
    (request, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      const { id } = request.params;
      return orProblem(auditLog, reply, async () => {
        const { secret, isNew } = await accounts.saveClient(id, entryOf(auditLog, request));
        reply.header('Cache-Control', 'no-store').code(isNew ? 201 : 200);
        return { id, secret };
      });
    },
  );

  app.delete<ById>(
    '/api/clients/:id',
    {
      config: { access: 'changePeople', audit: 'change' },
      schema: {
        operationId: 'removeClient',
        ...{ tags, params: clientParams, summary: 'Remove a client: its tokens end' },
        response: { 204: Type.Null(), 404: problemSchema },
      },
    },
    async (request, reply) => {
      if (!accounts) return sendProblem(reply, 404, elsewhere);
      const isRemoved = await accounts.removeClient(request.params.id, entryOf(auditLog, request));
      return isRemoved ? reply.code(204).send() : sendProblem(reply, 404, 'No such client.');
    },
  );
}

function entryOf(
  auditLog: PeoplePorts['auditLog'],
  { caller }: Pick<FastifyRequest, 'caller'>,
): Entry {
  return (action, change) => auditLog.entry(caller, { action, outcome: 'ok', change });
}

async function orProblem<Answer>(
  auditLog: PeoplePorts['auditLog'],
  reply: FastifyReply,
  work: () => Promise<Answer>,
): Promise<Answer | FastifyReply> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof LastAdminError) {
      await auditLog.refused(reply.request.caller, cause.attempt);
      return sendProblem(reply, 409, sentence(cause));
    }
    if (!(cause instanceof PersonSettingsError)) throw cause;
    return sendProblem(reply, 400, `${cause.message}.`);
  }
}

function sentence({ message }: Error): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

function userView({ name, roles: held, uccs, sipUri, createdAt }: UserRecord) {
  return { name, roles: [...held], uccs: [...uccs], sipUri, createdAt: isoTime(createdAt) };
}
