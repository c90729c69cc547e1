import { Type } from 'typebox';
import { type Role, roles } from '../domain/model/principal.ts';
import { closed, count, oneOf, section } from './schema-parts.ts';

const role = Type.Unsafe<Role>({ type: 'string', enum: [...roles] });

/** An external issuer, and where its tokens hold the claims about their bearer. */
const issuer = Type.Object(
  {
    /** Exactly as `iss` names it in tokens; `/.well-known/openid-configuration` is below it. */
    issuer: Type.String({ pattern: '^https?://[^/]' }),
    /** Clients accepted in `azp` or `aud`. */
    clients: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** Replaces the URI that discovery names. */
    jwksUri: Type.Optional(Type.String({ pattern: '^https?://' })),
    /** Paths to lists of roles; `{client}` is the token's own client. */
    rolesFrom: Type.Array(Type.String(), {
      default: ['roles', 'realm_access.roles', 'resource_access.{client}.roles'],
    }),
    /** Prefix of role names at the issuer: `hush-supervisor`. */
    rolePrefix: Type.String({ default: 'hush-' }),
    /** Path to a list of UCC names; `*` means all. */
    uccsFrom: Type.String({ default: 'hush_uccs' }),
    nameFrom: Type.Array(Type.String(), { default: ['preferred_username', 'upn', 'sub'] }),
    /** Paths to the bearer's addresses: SIP or tel URIs, or `user@domain`. */
    urisFrom: Type.Array(Type.String(), { default: ['sip_uri', 'preferred_username', 'upn'] }),
    /** For tokens that name no role, and no UCCs. */
    defaultRole: Type.Optional(role),
    defaultUccs: Type.Array(Type.String(), { default: [] }),
    /** Client id of the web console: a public client, one of `clients`. */
    consoleClient: Type.Optional(Type.String({ minLength: 1 })),
    /** Scope that the console requests. */
    consoleScope: Type.String({ default: 'openid profile' }),
  },
  closed,
);

/** Authentication and roles. */
export const auth = section({
  mode: oneOf(['embedded', 'external', 'none'], 'embedded'),
  /**
   * True when requests without a token are answered beyond health and sign-in; by default only on
   * loopback.
   */
  anonymous: Type.Optional(Type.Boolean()),
  /** Role of callers without a token; by default `admin` in mode `none`, else `integrator`. */
  anonymousRole: Type.Optional(role),
  requesterMustMatchToken: Type.Boolean({ default: false }),
  clockSkewMs: Type.Integer({ minimum: 0, maximum: 300_000, default: 30_000 }),
  tokenCacheMs: Type.Integer({ minimum: 0, maximum: 60_000, default: 60_000 }),
  maxCachedTokens: count(10_000, 1_000_000),
  maxTokenBytes: count(8_192, 16_384),
  issuers: Type.Array(issuer, { default: [] }),
  keysFetchTimeoutMs: count(5_000, 60_000),
  /** Keys are refreshed at this interval, and used without a refresh for at most `keysMaxAgeMs`. */
  keysRefreshMs: count(600_000, 86_400_000),
  keysMaxAgeMs: count(86_400_000, 604_800_000),
  /** Least interval of requests for tokens with unknown keys. */
  keysCooldownMs: count(30_000, 3_600_000),
  /** Settings of the embedded issuer. */
  tenantId: Type.Optional(Type.String({ format: 'uuid' })),
  tokenLifetimeMs: count(300_000, 86_400_000),
  signingKeyLifetimeMs: count(2_592_000_000, 31_536_000_000),
  /**
   * Failed sign-ins within `failureWindowMs`, after which sign-ins are answered 429: of one name
   * from one address and of one user by one client; of one client from one address; of one address.
   */
  maxFailuresPerUser: count(10, 1_000_000),
  maxFailuresPerClient: count(100, 1_000_000),
  maxFailuresPerAddress: count(50, 1_000_000),
  failureWindowMs: count(300_000, 86_400_000),
});
