import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { TokenIssuer } from '../../domain/ports/authenticator.ts';
import { none } from '../request/audit.ts';
import { BodyError, decodedBody } from '../request/body-decoding.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { isText } from '../request/storable-values.ts';
import type { HttpSettings } from '../settings.ts';
import { basicCredentials } from './client-credentials.ts';

export interface TokenEndpointPorts {
  /** Present in mode `embedded`. */
  readonly issuer: TokenIssuer | undefined;
  onError(cause: unknown): void;
}

const tags = ['Sign-in'];
const realm = '/auth/realms/:tenantId';
const params = Type.Object({ tenantId: Type.String({ format: 'uuid' }) });
const formType = 'application/x-www-form-urlencoded';
/** RFC 9110 section 15.5.2: a 401 says how one gets in. RFC 7617 section 2.1: in UTF-8. */
const challenge = 'Basic realm="hush", charset="UTF-8"';

const tokenSchema = Type.Object(
  {
    access_token: Type.String(),
    expires_in: Type.Integer({ description: 'Seconds' }),
    token_type: Type.String(),
  },
  { title: 'AccessToken' },
);
const errorSchema = Type.Object(
  {
    error: Type.String(),
    error_description: Type.String(),
  },
  { title: 'TokenError' },
);

const formSchema = Type.Object(
  {
    grant_type: Type.String({ enum: ['password'] }),
    client_id: Type.Optional(
      Type.String({ description: 'Unless the client is named by HTTP Basic' }),
    ),
    client_secret: Type.Optional(Type.String()),
    username: Type.String(),
    password: Type.String(),
    scope: Type.Optional(Type.String()),
  },
  { title: 'TokenRequest' },
);
const tokenAnswers = {
  200: tokenSchema,
  ...Object.fromEntries([400, 401, 404, 413, 415, 429, 503].map((status) => [status, errorSchema])),
};

const unreadable: readonly number[] = [400, 413, 415];

interface InRealm {
  Params: { tenantId: string };
}

type TokenEndpointRequest = FastifyRequest<InRealm & { Body: string }>;
type TokenEndpointSettings = Pick<HttpSettings, 'bodyLimitBytes'>;

/** The embedded issuer's three routes, where Keycloak has them; 404 in every other mode. */
export function tokenRoutes(
  app: FastifyInstance,
  services: TokenEndpointPorts,
  settings: TokenEndpointSettings,
): void {
  tokenRoute(app, services, settings);
  keyRoutes(app, services);
}

function tokenRoute(
  app: FastifyInstance,
  { issuer, onError }: TokenEndpointPorts,
  { bodyLimitBytes }: TokenEndpointSettings,
): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(formType, { parseAs: 'buffer' }, (request, body, done) => {
      const encoding = request.headers['content-encoding'];
      decodedBody(body as Buffer, encoding ?? 'identity', bodyLimitBytes).then(
        (bytes) => done(null, bytes.toString('utf8')),
        (cause: Error) => done(cause),
      );
    });
    scope.setErrorHandler((error: FastifyError, _, reply) => sendFailure(reply, error, onError));
    scope.post<InRealm & { Body: string }>(
      `${realm}/protocol/openid-connect/token`,
      {
        config: { access: 'open', surface: 'issuer', audit: 'change', form: formSchema },
        schema: {
          operationId: 'requestToken',
          ...{ tags, params },
          summary: 'A bearer token for v2 and the Hush API',
          description:
            'The client proves itself in the form, or by HTTP Basic (RFC 6749 section 2.3.1).',
          security: [{ clientSecret: [] }, {}],
          response: tokenAnswers,
        },
        // A body that cannot be read is refused before the route is asked, and leaves a row too.
        errorHandler: async (error, request) => {
          if (unreadable.includes(error.statusCode ?? 0) && issuer) {
            await issuer.malformed(request.caller.address);
          }
          throw error;
        },
      },
      (request, reply) =>
        isOurs(issuer, request.params.tenantId)
          ? token(issuer, request, reply)
          : sendError(reply, 404, 'invalid_request', 'There is no such realm.'),
    );
  });
}

async function token(issuer: TokenIssuer, request: TokenEndpointRequest, reply: FastifyReply) {
  // RFC 6749 section 5.1
  reply.header('Cache-Control', 'no-store').header('Pragma', 'no-cache');
  const { address } = request.caller;
  const form = formOf(request.body);
  const proved = form ? provedBy(form, request.headers.authorization) : 'twice';
  if (typeof proved === 'string') {
    await issuer.malformed(address);
    return sendError(reply, ...flaws[proved]);
  }
  const answer = await issuer.token({ form: proved, address });
  if (answer.retryAfterSeconds !== undefined) reply.header('Retry-After', answer.retryAfterSeconds);
  if (answer.status === 401) reply.header('WWW-Authenticate', challenge);
  return reply.code(answer.status).send(answer.body);
}

type Flaw = 'noText' | 'twice' | 'noClient' | 'twoWays' | 'twoClients';

/** Errors of requests that no client can mean: status, code and words. */
const flaws: Readonly<Record<Flaw, readonly [number, string, string]>> = {
  noText: [400, 'invalid_request', 'A parameter holds a NUL.'],
  twice: [400, 'invalid_request', 'A parameter is there twice.'],
  noClient: [401, 'invalid_client', 'The Authorization header names no client.'],
  twoWays: [400, 'invalid_request', 'The client proves itself in two ways.'],
  twoClients: [400, 'invalid_request', 'The request names two clients.'],
};

function provedBy(form: ReadonlyMap<string, string>, header: string | undefined) {
  const proved = provedByHeader(form, header);
  if (typeof proved === 'string') return proved;
  return [...proved.values()].every(isText) ? proved : 'noText';
}

/** The form with the client that the header names, if it names one. */
function provedByHeader(
  form: ReadonlyMap<string, string>,
  header: string | undefined,
): ReadonlyMap<string, string> | Flaw {
  const client = basicCredentials(header);
  if (client === 'malformed') return 'noClient';
  if (client === 'none') return form;
  if (form.has('client_secret')) return 'twoWays';
  if ((form.get('client_id') ?? client.id) !== client.id) return 'twoClients';
  return new Map([...form, ['client_id', client.id], ['client_secret', client.secret]]);
}

/** RFC 6749 section 5.2. The words say nothing of what was sent. */
function sendError(reply: FastifyReply, status: number, error: string, description: string) {
  if (status === 401) reply.header('WWW-Authenticate', challenge);
  return reply.code(status).send({ error, error_description: description });
}

const descriptions: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  413: 'The request body is too large.',
  415: `The request body must be ${formType}.`,
  429: 'Too many requests, please try again later.',
};

const names: Readonly<Record<number, string>> = { 429: 'too_many_requests' };

/** Answers errors that the issuer never saw, in the form that its clients read. */
function sendFailure(
  reply: FastifyReply,
  error: FastifyError & { readonly status?: number; readonly headers?: object },
  report: (cause: unknown) => void,
): FastifyReply {
  const status = error.statusCode ?? error.status ?? 500;
  if (error.headers) reply.headers(error.headers as Record<string, string>);
  if (status >= 500) report(error);
  const words = error instanceof BodyError ? error.message : descriptions[status];
  const name = status >= 500 ? 'server_error' : (names[status] ?? 'invalid_request');
  return sendError(reply, status, name, words ?? 'The request could not be processed.');
}

function keyRoutes(app: FastifyInstance, { issuer }: TokenEndpointPorts): void {
  app.get<InRealm>(
    `${realm}/protocol/openid-connect/certs`,
    {
      config: { access: 'open', surface: 'issuer', audit: none('public keys') },
      schema: {
        operationId: 'getSigningKeys',
        tags,
        params,
        summary: 'The keys that tokens are signed with (RFC 7517)',
      },
    },
    async ({ params: { tenantId } }, reply) =>
      isOurs(issuer, tenantId) ? issuer.jwks() : noSuchRealm(reply),
  );

  app.get<InRealm>(
    `${realm}/.well-known/openid-configuration`,
    {
      config: { access: 'open', surface: 'issuer', audit: none('public addresses') },
      schema: {
        operationId: 'getOpenIdConfiguration',
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

function noSuchRealm(reply: FastifyReply) {
  return sendProblem(reply, 404, 'There is no such realm.');
}

/** Others are passed over, however often they come: `resource` may come twice (RFC 8707). */
const knownParameters: readonly string[] = [
  ...['client_id', 'client_secret', 'username', 'password', 'grant_type', 'scope'],
];

/**
 * Reads the form. A parameter without a value counts as left out, and one that comes twice is
 * refused (RFC 6749 section 3.2).
 */
function formOf(body: unknown): Map<string, string> | undefined {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(typeof body === 'string' ? body : '')) {
    if (value === '' || !knownParameters.includes(name)) continue;
    if (form.has(name)) return undefined;
    form.set(name, value);
  }
  return form;
}
