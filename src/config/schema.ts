import { type Static, Type } from 'typebox';
import { leaseLimits, type PauseExpiry, pauseExpiries } from '../domain/model/lease.ts';
import { srtpPolicies } from '../domain/model/media-agreement.ts';
import { MAX_RETENTION_DAYS, uccNamePattern } from '../domain/model/ucc.ts';
import { receiverKinds } from '../domain/ports/recorder.ts';
import { auth } from './auth-schema.ts';
import { recording } from './recording-schema.ts';
import { certificateFiles, closed, count, oneOf, port, section } from './schema-parts.ts';
import { sip } from './sip-schema.ts';

/** A host name, all names below one (`.example.com`), or an address; without a port. */
const hostPattern = '^(?:\\.?[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*|\\[[0-9A-Fa-f:.]+\\])$';

const http = section({
  host: Type.String({ default: '127.0.0.1' }),
  port: port(8080),
  /** Networks allowed without a token, as addresses or CIDR ranges. */
  anonymousNetworks: Type.Array(Type.String(), { default: ['127.0.0.0/8', '::1'] }),
  /**
   * Web origins, besides Hush's own, that may call the API and the hub: `https://crm.example.com`.
   */
  allowedOrigins: Type.Array(Type.String(), { default: [] }),
  /** Host names of Hush, besides loopback, its addresses and `publicUrl`. */
  allowedHosts: Type.Array(Type.String({ pattern: hostPattern }), { default: [] }),
  /** `ok`: the contract's 200 for every body; `mapped`: 400, 403, 404, 409, 503. */
  statusCodes: oneOf(['ok', 'mapped'], 'ok'),
  bodyLimitBytes: count(65_536, 16_777_216),
  /** Proxies whose `X-Forwarded-For` is trusted, as addresses or CIDR ranges. */
  trustedProxies: Type.Array(Type.String(), { default: [] }),
  /** Public URL, if it differs from `host` and `port`: `https://hush.example.com`. */
  publicUrl: Type.Optional(Type.String({ pattern: '^https?://[^/]+$' })),
  maxHeaderBytes: count(16_384, 1_048_576),
  /** Time limits of a request's headers and of the whole request; answers have none. */
  headersTimeoutMs: count(10_000, 600_000),
  requestTimeoutMs: count(30_000, 3_600_000),
  keepAliveTimeoutMs: count(72_000, 3_600_000),
  /** Answers in progress at a stop are cut off after this time. */
  closeTimeoutMs: count(2_000, 60_000),
  maxConnections: count(20_000, 1_000_000),
  /** Bursts may be twice as large; further requests are answered 429, except for a Pause. */
  requestsPerSecondPerAddress: count(5_000, 10_000_000),
  requestsPerSecondPerToken: count(5_000, 10_000_000),
  tls: section(certificateFiles),
});

const rtp = section({
  host: Type.String({ default: '127.0.0.1' }),
  /** Address in SDP answers, if it differs from `host`. */
  advertisedHost: Type.Optional(Type.String()),
  portMin: port(20_000),
  portMax: port(29_999),
  workers: count(1, 64),
  /** `ffi` reads many datagrams at a time, on Linux; where it does not work, `dgram` stands in. */
  receiver: oneOf(receiverKinds, 'ffi'),
  /** `required` refuses unprotected audio. */
  srtp: oneOf(srtpPolicies, 'optional'),
});

const archive = section({
  /** Recordings transcoded at once, each in a thread; 0 disables it. */
  maxExports: Type.Integer({ minimum: 0, maximum: 64, default: 2 }),
  /** A download that its client does not read for this long is cut off. */
  downloadTimeoutMs: count(30_000, 3_600_000),
  /** Interval of looks for recordings past their retention, and of retries of unfinished work. */
  cleanIntervalMs: count(3_600_000, 86_400_000),
  /** Retention that would destroy more recordings at once waits for an administrator. */
  maxDestroyedPerPass: count(1_000, 1_000_000_000),
  /** With a bucket, recordings are moved there once their calls have ended. */
  s3: section({
    bucket: Type.Optional(Type.String({ minLength: 3, maxLength: 255 })),
    prefix: Type.String({ default: '' }),
    region: Type.String({ minLength: 1, default: 'us-east-1' }),
    endpoint: Type.Optional(Type.String({ pattern: '^https?://' })),
    accessKeyId: Type.Optional(Type.String({ minLength: 1 })),
    secretAccessKey: Type.Optional(Type.String({ minLength: 1 })),
    forcePathStyle: Type.Boolean({ default: false }),
    requestTimeoutMs: count(30_000, 600_000),
    firstRetryMs: count(1_000, 3_600_000),
    maxRetryMs: count(300_000, 86_400_000),
    /** Most bytes waiting on disk for the bucket; beyond them no new call is recorded. */
    maxSpoolBytes: count(10_737_418_240, Number.MAX_SAFE_INTEGER),
  }),
});

const events = section({
  maxHubConnections: count(10_000, 1_000_000),
  /** UCCs and calls that hub clients subscribe to: per connection and kind, and in total. */
  maxSubscriptionsPerConnection: count(1_000, 100_000),
  maxSubscriptions: count(100_000, 10_000_000),
  maxBacklogBytes: count(8_388_608, 1_073_741_824),
  /** Idle long polls are answered after this time; the vendor's clients give up at 100 s. */
  longPollTimeoutMs: count(50_000, 90_000),
  /** Interval of keep-alives on quiet streams; the vendor's clients give up after 30 s. */
  keepAliveMs: count(15_000, 20_000),
});

const hub = section({
  /** Hub names and paths that classic SignalR clients use. */
  aliases: section({
    /** Empty: any name is accepted. */
    names: Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { default: [] }),
    paths: Type.Array(Type.String({ pattern: '^(/[\\w.~-]*[\\w~-])+$' }), { default: [] }),
  }),
});

const assurance = section({
  /** Time of the previous day's summary, in `timeZone`. */
  dailyAt: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', default: '07:00' }),
  /** `Europe/Amsterdam`; the system's by default. */
  timeZone: Type.Optional(Type.String({ minLength: 1 })),
  keepAlarmsMs: count(2_592_000_000, 31_536_000_000),
});

const webhooks = section({
  timeoutMs: count(10_000, 300_000),
  firstRetryMs: count(1_000, 3_600_000),
  maxRetryMs: count(600_000, 86_400_000),
  maxAttempts: count(12, 1_000),
  /** Link-local and metadata addresses to which deliveries are allowed. */
  allowedNetworks: Type.Array(Type.String(), { default: [] }),
});

/** The lock of data folder and database: one process owns both. */
const lock = section({
  /** Longest wait of a start for the present owner, and for one that is stopping. */
  waitMs: Type.Integer({ minimum: 0, maximum: 600_000, default: 1_000 }),
  handoverMs: Type.Integer({ minimum: 0, maximum: 3_600_000, default: 60_000 }),
  /** An owner that cannot reach PostgreSQL for this long records nothing until it can. */
  lostAfterMs: Type.Integer({ minimum: 1_000, maximum: 10_000, default: 5_000 }),
});

const store = section({
  kind: oneOf(['sqlite', 'postgres'], 'sqlite'),
  /** `postgres://...`, for `postgres` only. */
  url: Type.Optional(Type.String()),
  maxConnections: count(8, 1_000),
  /** Time limit of a PostgreSQL connection, commit or answer. */
  timeoutMs: Type.Integer({ minimum: 500, maximum: 60_000, default: 5_000 }),
});

export const uccSettingsSchema = Type.Object(
  {
    useAudioRecording: Type.Optional(Type.Boolean()),
    agentCanEditAudioRecording: Type.Optional(Type.Boolean()),
    saveRecordingByDefault: Type.Optional(Type.Boolean()),
    recordFromStart: Type.Optional(Type.Boolean()),
    onPauseExpiry: Type.Optional(
      Type.Unsafe<PauseExpiry>({ type: 'string', enum: [...pauseExpiries] }),
    ),
    maxPauseMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400_000 })),
    pauseLookbackMs: Type.Optional(
      Type.Integer({ minimum: 0, maximum: leaseLimits.maxLookbackMs }),
    ),
    suppressDtmf: Type.Optional(Type.Boolean()),
    retentionDays: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_RETENTION_DAYS })),
    retentionSparesMarked: Type.Optional(Type.Boolean()),
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
    /** On SIGTERM, `finish` ends the calls, `handover` leaves them to the next process. */
    shutdown: oneOf(['finish', 'handover'], 'finish'),
    /** Recordings that take longer to finish at a stop are finished at the next start. */
    finishTimeoutMs: count(20_000, 600_000),
    /** 32 bytes in hex or base64; without it a key is made in the data folder. */
    masterKey: Type.Optional(Type.String()),
    /** Earlier master keys, under which keys may still be wrapped. */
    previousMasterKeys: Type.Array(Type.String(), { default: [] }),
    log: section({
      level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
      /**
       * Log lines that standard output does not accept wait in memory; beyond this they are
       * dropped.
       */
      maxBufferBytes: count(1_048_576, 268_435_456),
    }),
    http,
    auth,
    sip,
    rtp,
    recording,
    archive,
    events,
    hub,
    assurance,
    webhooks,
    store,
    lock,
    uccs: Type.Array(ucc, { default: [] }),
  },
  closed,
);

export type Config = Static<typeof configSchema>;
