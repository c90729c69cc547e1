import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { TokenIssuer } from '../domain/authentication.ts';
import { problemSchema, sendProblem } from './problems.ts';
import type { HttpServices } from './services.ts';

const tags = ['Sign-in'];
const realm = '/auth/realms/:tenantId';
const params = Type.Object({ tenantId: Type.String({ format: 'uuid' }) });
const formType = 'application/x-www-form-urlencoded';

const tokenSchema = Type.Object({
  access_token: Type.String(),
  expires_in: Type.Integer({ description: 'Seconds' }),
  token_type: Type.String(),
});
const errorSchema = Type.Object({
  error: Type.String(),
  error_description: Type.Optional(Type.String()),
});

const unreadable: readonly number[] = [400, 413, 415];

interface InRealm {
  Params: { tenantId: string };
}

/** The embedded issuer's three routes, where Keycloak has them; 404 in every other mode. */
export function tokenRoutes(app: FastifyInstance, services: HttpServices): void {
  tokenRoute(app, services);
  keyRoutes(app, services);
}

function tokenRoute(app: FastifyInstance, { issuer }: HttpServices): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(formType, { parseAs: 'string' }, (_, body, done) =>
      done(null, String(body)),
    );
    scope.post<InRealm & { Body: string }>(
      `${realm}/protocol/openid-connect/token`,
      {
        config: { access: 'open', door: 'issuer' },
        schema: {
          ...{ tags, params, consumes: [formType] },
          summary:
            'A bearer token for v2: client_id, client_secret, username, password, grant_type',
          response: { 200: tokenSchema, 400: errorSchema, 401: errorSchema, 429: errorSchema },
        },
        // A body that cannot be read is refused before the route is asked, and leaves a row too.
        errorHandler: async (error, request) => {
          if (unreadable.includes(error.statusCode ?? 0) && issuer) {
            await issuer.malformed(request.caller.address);
          }
          throw error;
        },
      },
      async (request, reply) => {
        if (!isOurs(issuer, request.params.tenantId)) return noSuchRealm(reply);
        // RFC 6749 section 5.1
        reply.header('Cache-Control', 'no-store').header('Pragma', 'no-cache');
        const { address } = request.caller;
        const answer = await issuer.token({ form: formOf(request.body), address });
        if (answer.retryAfterSeconds !== undefined) {
          reply.header('Retry-After', answer.retryAfterSeconds);
        }
        return reply.code(answer.status).send(answer.body);
      },
    );
  });
}

function keyRoutes(app: FastifyInstance, { issuer }: HttpServices): void {
  app.get<InRealm>(
    `${realm}/protocol/openid-connect/certs`,
    {
      config: { access: 'open', door: 'issuer' },
      schema: { tags, params, summary: 'The keys that tokens are signed with (RFC 7517)' },
    },
    async ({ params: { tenantId } }, reply) =>
      isOurs(issuer, tenantId) ? issuer.jwks() : noSuchRealm(reply),
  );

  app.get<InRealm>(
    `${realm}/.well-known/openid-configuration`,
    {
      config: { access: 'open', door: 'issuer' },
      schema: {
        ...{ tags, params, summary: 'OpenID Connect discovery' },
        response: { 404: problemSchema },
      },
    },
    async ({ params: { tenantId } }, reply) =>
      isOurs(issuer, tenantId) ? issuer.discovery() : noSuchRealm(reply),
  );
}

function isOurs(issuer: TokenIssuer | undefined, tenantId: string): issuer is TokenIssuer {
  return tenantId.toLowerCase() === issuer?.tenantId.toLowerCase();
}

function noSuchRealm(reply: Parameters<typeof sendProblem>[0]) {
  return sendProblem(reply, 404, 'There is no such realm.');
}

/** A parameter that comes twice is refused (RFC 6749 section 3.2). */
function formOf(body: unknown): Map<string, string> | undefined {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(typeof body === 'string' ? body : '')) {
    if (form.has(name)) return undefined;
    form.set(name, value);
  }
  return form;
}
