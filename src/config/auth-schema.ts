import { Type } from 'typebox';
import { type Role, roles } from '../domain/model/principal.ts';
import { closed, count, oneOf, section } from './schema-parts.ts';

const role = Type.Unsafe<Role>({ type: 'string', enum: [...roles] });

/** What the token of an external issuer says of its bearer, and where. */
const issuer = Type.Object(
  {
    /** Exactly as its tokens name it in `iss`; `/.well-known/openid-configuration` is below it. */
    issuer: Type.String({ pattern: '^https?://[^/]' }),
    /** Accepted in `azp` or `aud`. */
    clients: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** Instead of what discovery names. */
    jwksUri: Type.Optional(Type.String({ pattern: '^https?://' })),
    /** Paths to lists of roles; `{client}` is the token's own client. */
    rolesFrom: Type.Array(Type.String(), {
      default: ['roles', 'realm_access.roles', 'resource_access.{client}.roles'],
    }),
    /** What a role's name begins with there: `hush-supervisor`. */
    rolePrefix: Type.String({ default: 'hush-' }),
    /** Path to a list of UCC names; `*` is all of them. */
    uccsFrom: Type.String({ default: 'hush_uccs' }),
    nameFrom: Type.Array(Type.String(), { default: ['preferred_username', 'upn', 'sub'] }),
    /** Paths to what the bearer speaks as: SIP or tel URIs, or `user@domain`. */
    urisFrom: Type.Array(Type.String(), { default: ['sip_uri', 'preferred_username', 'upn'] }),
    /** Of tokens that name no role, and no UCCs. */
    defaultRole: Type.Optional(role),
    defaultUccs: Type.Array(Type.String(), { default: [] }),
    /** What the web console is called there: a public client, one of `clients`. */
    consoleClient: Type.Optional(Type.String({ minLength: 1 })),
    /** What its tokens are asked for with. */
    consoleScope: Type.String({ default: 'openid profile' }),
  },
  closed,
);

/** Who comes in, and as whom. */
export const auth = section({
  mode: oneOf(['embedded', 'external', 'none'], 'embedded'),
  /** Whether anything but health and sign-in answers without a token; else only on loopback. */
  anonymous: Type.Optional(Type.Boolean()),
  /** What a caller without a token may do; else `admin` in mode `none`, else `integrator`. */
  anonymousRole: Type.Optional(role),
  requesterMustMatchToken: Type.Boolean({ default: false }),
  clockSkewMs: Type.Integer({ minimum: 0, maximum: 300_000, default: 30_000 }),
  tokenCacheMs: Type.Integer({ minimum: 0, maximum: 60_000, default: 60_000 }),
  maxCachedTokens: count(10_000, 1_000_000),
  maxTokenBytes: count(8_192, 16_384),
  issuers: Type.Array(issuer, { default: [] }),
  keysFetchTimeoutMs: count(5_000, 60_000),
  /** Keys are fetched anew this often, and used without that for at most `keysMaxAgeMs`. */
  keysRefreshMs: count(600_000, 86_400_000),
  keysMaxAgeMs: count(86_400_000, 604_800_000),
  /** After a token with an unknown key was fetched for, the next such waits this long. */
  keysCooldownMs: count(30_000, 3_600_000),
  /** Of the embedded issuer. */
  tenantId: Type.Optional(Type.String({ format: 'uuid' })),
  tokenLifetimeMs: count(300_000, 86_400_000),
  signingKeyLifetimeMs: count(2_592_000_000, 31_536_000_000),
  /**
   * Failed sign-ins within `failureWindowMs`; more are answered 429. Of one name from one address,
   * and of one user by one client; of one client from one address; of one address.
   */
  maxFailuresPerUser: count(10, 1_000_000),
  maxFailuresPerClient: count(100, 1_000_000),
  maxFailuresPerAddress: count(50, 1_000_000),
  failureWindowMs: count(300_000, 86_400_000),
});
