import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { may, seesAllUccs } from '../../domain/access/access.ts';
import { type Permission, permissions } from '../../domain/model/principal.ts';
import type { TokenAnswer, TokenIssuer } from '../../domain/ports/authenticator.ts';
import { roleName } from '../description/enums.ts';
import { bearerOf } from '../edge/access-gate.ts';
import { none } from '../request/audit.ts';
import { problemSchema, sendProblem } from '../request/problems.ts';
import { strict } from '../request/strict-body.ts';
import type { ConsoleIssuer, HttpSettings } from '../settings.ts';
import { type FirstAdminPorts, firstAdminRoute } from './first-admin.ts';

export interface SignInPorts extends FirstAdminPorts {
  /** Present in mode `embedded`. */
  readonly issuer: TokenIssuer | undefined;
}

const tags = ['Sign-in'];
const permissionNames = Object.keys(permissions) as Permission[];

const meSchema = Type.Object(
  {
    name: Type.String(),
    isAnonymous: Type.Boolean({ description: 'Let in without a token' }),
    roles: Type.Array(roleName),
    permissions: Type.Array(Type.String({ title: 'Permission', enum: permissionNames })),
    seesAllUccs: Type.Boolean(),
  },
  { title: 'Caller' },
);
const tokenSchema = Type.Object(
  { token: Type.String(), expiresInMs: Type.Integer() },
  { title: 'SignInToken' },
);
const signedInSchema = Type.Object(
  {
    ...tokenSchema.properties,
    renewalToken: Type.Optional(
      Type.String({ description: 'Good for tokens of the next 12 hours, and for nothing else' }),
    ),
  },
  { title: 'SignedIn' },
);
const waysSchema = Type.Object(
  {
    password: Type.Boolean({ description: 'By name and password, at POST /api/sign-in' }),
    firstAdmin: Type.Boolean({
      description: 'Nobody is there yet: the code of the log makes an admin',
    }),
    issuers: Type.Array(
      Type.Object(
        { issuer: Type.String(), clientId: Type.String(), scope: Type.String() },
        { title: 'SignInIssuer' },
      ),
      { description: 'By authorization code with PKCE (RFC 7636), as a public client' },
    ),
  },
  { title: 'SignInWays' },
);
const credentials = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 256 }),
    password: Type.String({ minLength: 1, maxLength: 256 }),
    renewable: Type.Optional(Type.Boolean({ description: 'Answer a renewalToken too' })),
  },
  { title: 'Credentials', additionalProperties: false },
);
const renewalBody = Type.Object(
  { renewalToken: Type.String({ minLength: 1, maxLength: 8_192 }) },
  { title: 'Renewal', additionalProperties: false },
);

/** Registers who the caller is, and how a person signs in. */
export function signInRoutes(
  app: FastifyInstance,
  services: SignInPorts,
  { consoleIssuers }: Pick<HttpSettings, 'consoleIssuers'>,
): void {
  meRoute(app);
  waysRoute(app, services, consoleIssuers);
  passwordRoute(app, services);
  renewalRoute(app, services);
  refreshRoute(app, services);
  firstAdminRoute(app, services);
}

function meRoute(app: FastifyInstance): void {
  app.get(
    '/api/me',
    {
      config: { access: 'anybody', audit: none('tells callers about themselves') },
      schema: {
        operationId: 'getCaller',
        tags,
        summary: 'Who the caller is, and may do',
        response: { 200: meSchema },
      },
    },
    ({ caller: { principal } }) => ({
      ...{ name: principal.name, roles: [...principal.roles], isAnonymous: principal.key === '' },
      permissions: permissionNames.filter((permission) => may(principal, permission)),
      seesAllUccs: seesAllUccs(principal),
    }),
  );
}

function waysRoute(
  app: FastifyInstance,
  { issuer, firstAdmin }: SignInPorts,
  consoleIssuers: readonly ConsoleIssuer[],
): void {
  app.get(
    '/api/sign-in',
    {
      config: { access: 'open', audit: none('tells how one signs in') },
      schema: {
        operationId: 'getSignInWays',
        tags,
        summary: 'How a person signs in at the console',
        response: { 200: waysSchema },
      },
    },
    async () => ({
      password: issuer !== undefined,
      firstAdmin: (await firstAdmin?.isOffered()) ?? false,
      issuers: [...consoleIssuers],
    }),
  );
}

function passwordRoute(app: FastifyInstance, { issuer }: SignInPorts): void {
  app.post<{ Body: Static<typeof credentials> }>(
    '/api/sign-in',
    {
      config: { access: 'open', audit: 'change' },
      schema: {
        operationId: 'signIn',
        ...{ tags, body: credentials },
        summary: 'A token for a person, of the embedded issuer; what the console signs in by',
        response: {
          ...{ 200: signedInSchema, 400: problemSchema, 401: problemSchema },
          ...{ 404: problemSchema, 429: problemSchema },
        },
      },
      validatorCompiler: strict,
    },
    async (request, reply) => {
      if (!issuer) return sendProblem(reply, 404, 'People sign in elsewhere.');
      const { renewable: isRenewable = false, ...person } = request.body;
      const { address } = request.caller;
      const answer = await issuer.signIn({ ...person, address, isRenewable });
      reply.header('Cache-Control', 'no-store');
      if (answer.status === 200) return tokenView(answer);
      if (answer.retryAfterSeconds !== undefined) {
        reply.header('Retry-After', answer.retryAfterSeconds);
      }
      const words = answer.status === 429 ? 'Too many attempts.' : 'Wrong name or password.';
      return sendProblem(reply, answer.status, words);
    },
  );
}

function renewalRoute(app: FastifyInstance, { issuer }: SignInPorts): void {
  app.post(
    '/api/sign-in/renewal',
    {
      config: { access: 'anybody', audit: none('goes on with a sign-in that stands in it') },
      schema: {
        operationId: 'renewSignIn',
        ...{ tags, summary: "Another token for who bears one of the console's" },
        description: '409: not a token of the console, or 12 hours have passed; sign in again.',
        response: {
          ...{ 200: tokenSchema, 401: problemSchema, 404: problemSchema, 409: problemSchema },
        },
      },
    },
    async ({ raw }, reply) => {
      if (!issuer) return sendProblem(reply, 404, 'People sign in elsewhere.');
      const answer = await issuer.renew(bearerOf(raw) ?? '');
      return answer ? tokenView(answer) : sendProblem(reply, 409, 'Sign in again.');
    },
  );
}

function refreshRoute(app: FastifyInstance, { issuer }: SignInPorts): void {
  app.post<{ Body: Static<typeof renewalBody> }>(
    '/api/sign-in/refresh',
    {
      config: { access: 'open', audit: none('goes on with a sign-in that stands in it') },
      schema: {
        operationId: 'refreshSignIn',
        ...{ tags, body: renewalBody },
        summary: 'Another token for a renewalToken, as the command line keeps one',
        description: '409: it holds no longer; sign in again.',
        response: { 200: tokenSchema, 404: problemSchema, 409: problemSchema },
      },
      validatorCompiler: strict,
    },
    async ({ body }, reply) => {
      if (!issuer) return sendProblem(reply, 404, 'People sign in elsewhere.');
      const answer = await issuer.renewByRenewalToken(body.renewalToken);
      return answer ? tokenView(answer) : sendProblem(reply, 409, 'Sign in again.');
    },
  );
}

function tokenView({ body }: TokenAnswer) {
  const { renewal_token: renewalToken } = body;
  return {
    ...{ token: String(body.access_token), expiresInMs: Number(body.expires_in) * 1000 },
    ...(renewalToken === undefined ? {} : { renewalToken: String(renewalToken) }),
  };
}
