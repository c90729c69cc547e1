import { Type } from 'typebox';
import { certificateFiles, closed, count, oneOf, port, section } from './schema-parts.ts';

/** RFC 3261 section 25.1 */
const headerName = Type.String({ pattern: "^[A-Za-z0-9.!%*_+`'~-]+$" });
/** Local names of elements; the last part may be an attribute. Empty means none. */
const elementPath = Type.String({
  pattern: '^$|^[A-Za-z_][\\w.-]*(/[A-Za-z_][\\w.-]*)*(/@[A-Za-z_][\\w.-]*)?$',
  default: '',
});

/** Neither quotes nor backslashes: clients differ in how they escape them. */
const digestText = Type.String({ pattern: '^[^"\\\\\\p{Cc}]+$', maxLength: 128 });

/** Clients that may call (RFC 8760); without users no client is challenged. */
const digest = section({
  /**
   * Wrong answers within failureWindowMs, after which requests are answered 403 without
   * verification.
   */
  maxFailuresPerAddress: count(20, 1_000_000),
  maxFailuresPerUser: count(100, 1_000_000),
  failureWindowMs: count(300_000, 86_400_000),
  realm: Type.String({ ...digestText, default: 'hush' }),
  users: Type.Array(
    Type.Object(
      {
        name: Type.String({ pattern: '^[^":\\\\\\p{Cc}]+$', maxLength: 128 }),
        password: Type.String({ minLength: 12, maxLength: 256 }),
      },
      closed,
    ),
    { default: [], maxItems: 10_000 },
  ),
  algorithms: Type.Array(oneOf(['SHA-512-256', 'SHA-256', 'MD5'], 'SHA-256'), {
    default: ['SHA-512-256', 'SHA-256'],
    minItems: 1,
    uniqueItems: true,
  }),
});

export const sip = section({
  host: Type.String({ default: '127.0.0.1' }),
  udpPort: port(5060),
  tcpPort: port(5060),
  /** Used if `tls` has a certificate. */
  tlsPort: port(5061),
  tls: section(certificateFiles),
  /** Host in Contact and Via, if it differs from `host`. */
  advertisedHost: Type.Optional(Type.String()),
  /**
   * Source networks allowed on the SIP ports: addresses or CIDR ranges. By default every source,
   * but only on loopback, or if digest or certificates identify it.
   */
  allowedNetworks: Type.Optional(Type.Array(Type.String())),
  maxCalls: count(2_000, 100_000),
  maxMessageBytes: count(524_288, 1_048_576),
  maxTcpConnections: count(1_000, 100_000),
  tcpIdleTimeoutMs: count(600_000, 86_400_000),
  maxTransactions: count(10_000, 1_000_000),
  /** Calls that may begin; bursts may be twice as large, and further ones are answered 503. */
  invitesPerSecond: count(2_000, 1_000_000),
  invitesPerSecondPerAddress: count(1_000, 1_000_000),
  digest,
  /** Session timers (RFC 4028): the interval requested, and the least accepted. */
  sessionExpiresMs: count(1_800_000, 86_400_000),
  minSessionExpiresMs: count(90_000, 86_400_000),
  /** Asks a paused call's client by re-INVITE to send nothing. */
  twoSidedPause: Type.Boolean({ default: false }),
  uccFrom: Type.Array(oneOf(['requestUri', 'header', 'extension', 'participant'], 'requestUri'), {
    default: ['requestUri', 'header', 'extension', 'participant'],
  }),
  correlationIdFrom: Type.Array(oneOf(['header', 'extension', 'sessionId', 'derived'], 'header'), {
    default: ['header', 'extension', 'sessionId', 'derived'],
  }),
  /** Names of SIP headers, tried in order. */
  headers: section({
    ucc: Type.Array(headerName, { default: ['X-UCC-Name'] }),
    correlationId: Type.Array(headerName, { default: ['X-Correlation-Id'] }),
  }),
  /** Paths to vendors' own values in the metadata: `session/extensiondata/callid`. */
  extensionData: section({
    ucc: elementPath,
    correlationId: elementPath,
  }),
});
