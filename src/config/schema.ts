import { type Static, Type } from 'typebox';
import { uccNamePattern } from '../domain/ucc.ts';

const closed = { additionalProperties: false } as const;
const port = (preset: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: preset });
const count = (preset: number, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, default: preset });
const section = <Properties extends Record<string, Type.TSchema>>(properties: Properties) =>
  Type.Object(properties, { ...closed, default: {} });
const oneOf = <Value extends string>(values: readonly Value[], preset: Value) =>
  Type.Unsafe<Value>({ type: 'string', enum: [...values], default: preset });

const http = section({
  host: Type.String({ default: '127.0.0.1' }),
  port: port(8080),
  /** Who may call without a token, as addresses or CIDR ranges. */
  anonymousNetworks: Type.Array(Type.String(), { default: ['127.0.0.0/8', '::1'] }),
  /**
   * Web origins, besides Hush's own, whose pages may call and listen: `https://crm.example.com`.
   */
  allowedOrigins: Type.Array(Type.String(), { default: [] }),
  /** `ok`: the contract's 200 for every body; `mapped`: 400, 403, 404, 409, 503. */
  statusCodes: oneOf(['ok', 'mapped'], 'ok'),
  bodyLimitBytes: count(65_536, 16_777_216),
});

const sip = section({
  host: Type.String({ default: '127.0.0.1' }),
  udpPort: port(5060),
  tcpPort: port(5060),
  /** Host that Contact and Via name, where it is not `host`. */
  advertisedHost: Type.Optional(Type.String()),
  maxCalls: count(2_000, 100_000),
  maxMessageBytes: count(65_535, 1_048_576),
  maxTcpConnections: count(1_000, 100_000),
  tcpIdleTimeoutMs: count(600_000, 86_400_000),
  maxTransactions: count(10_000, 1_000_000),
  uccFrom: Type.Array(oneOf(['requestUri', 'header', 'participant'], 'requestUri'), {
    default: ['requestUri', 'header', 'participant'],
  }),
  correlationIdFrom: Type.Array(oneOf(['header', 'sessionId', 'derived'], 'header'), {
    default: ['header', 'sessionId', 'derived'],
  }),
});

const rtp = section({
  host: Type.String({ default: '127.0.0.1' }),
  /** Address that SDP answers name, where it is not `host`. */
  advertisedHost: Type.Optional(Type.String()),
  portMin: port(20_000),
  portMax: port(29_999),
  workers: count(1, 64),
});

const recording = section({
  fenceTimeoutMs: count(2_000, 60_000),
  chunkMs: count(900, 1_000),
  mediaTimeoutMs: count(60_000, 86_400_000),
  maxUnwrittenBytes: count(1_048_576, 268_435_456),
  diskProbeIntervalMs: count(2_000, 600_000),
});

const events = section({
  maxHubConnections: count(10_000, 1_000_000),
  maxBacklogBytes: count(8_388_608, 1_073_741_824),
});

const webhooks = section({
  timeoutMs: count(10_000, 300_000),
  firstRetryMs: count(1_000, 3_600_000),
  maxRetryMs: count(600_000, 86_400_000),
  maxAttempts: count(12, 1_000),
  /** Link-local and metadata addresses that deliveries may go to all the same. */
  allowedNetworks: Type.Array(Type.String(), { default: [] }),
});

const store = section({
  kind: oneOf(['sqlite', 'postgres'], 'sqlite'),
  /** `postgres://...`; only of `postgres`. */
  url: Type.Optional(Type.String()),
  maxConnections: count(8, 1_000),
});

export const uccSettingsSchema = Type.Object(
  {
    useAudioRecording: Type.Optional(Type.Boolean()),
    agentCanEditAudioRecording: Type.Optional(Type.Boolean()),
    saveRecordingByDefault: Type.Optional(Type.Boolean()),
    recordFromStart: Type.Optional(Type.Boolean()),
    agents: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 10_000 })),
    supervisors: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { maxItems: 10_000 })),
  },
  closed,
);

const ucc = Type.Object(
  { name: Type.String({ pattern: uccNamePattern }), ...uccSettingsSchema.properties },
  closed,
);

export const configSchema = Type.Object(
  {
    dataDir: Type.String({ default: './data' }),
    /** 32 bytes in hex or base64; without it a key is made in the data folder. */
    masterKey: Type.Optional(Type.String()),
    log: section({
      level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
    }),
    http,
    sip,
    rtp,
    recording,
    events,
    webhooks,
    store,
    uccs: Type.Array(ucc, { default: [] }),
  },
  closed,
);

export type Config = Static<typeof configSchema>;
