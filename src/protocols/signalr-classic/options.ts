import type { ClassicConnection, HubDefinition } from './types.ts';

/** Every bound and interval of the server. Hitting one is answered by name, never by silence. */
export interface ClassicLimits {
  /** Longest hub call a client may send. */
  readonly maxMessageBytes: number;
  /** Interval of `{}` on every open stream; clients are told to tolerate two missing ones. */
  readonly keepAliveIntervalMs: number;
  /** Lifetime of a connection without a transport, and longest wait for a stalled client. */
  readonly disconnectTimeoutMs: number;
  /** Longest wait of a poll for a message. */
  readonly connectionTimeoutMs: number;
  /** Longest wait of a client for the init message before it tries its next transport. */
  readonly transportConnectTimeoutMs: number;
  /** Pause a long-polling client makes between polls. */
  readonly longPollDelayMs: number;
  readonly maxConnections: number;
  /** Unread output of one client beyond which its transport is closed. */
  readonly maxBufferedBytes: number;
  /** Messages kept for a client that comes back; one that missed more must restart. */
  readonly maxReplayMessages: number;
  readonly maxReplayBytes: number;
  /** Hub calls of one connection that may wait while an earlier one runs. */
  readonly maxQueuedInvocations: number;
}

export interface ClassicServerOptions extends Partial<ClassicLimits> {
  readonly hubs: Readonly<Record<string, HubDefinition>>;
  /** Further names of declared hubs, in any case: `{ coreApiHub: 'RecordingHub' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The declared hub that every other name stands for; without it such names are refused. */
  readonly defaultHub?: string;
  /** Returns the same text for the same user only; a connection token is bound to it. */
  readonly userKey: (user: unknown) => string;
  /** Called for an upgrade with an Origin; without it, only the host's own origin is allowed. */
  readonly isOriginAllowed?: (origin: string, host: string) => boolean;
  /** The client counts as connected, and is told so, when this resolves; a throw refuses it. */
  readonly onConnected?: (connection: ClassicConnection) => unknown;
  /** Called after `onConnected`, once for each connection, refused ones too. */
  readonly onDisconnected?: (connection: ClassicConnection) => unknown;
  /** Called for errors on the server's side, which clients see in general terms only. */
  readonly onError?: (error: unknown) => void;
  /** Signs tokens; share it so that clients of a restarted server are told to start again. */
  readonly tokenSecret?: string | Buffer;
}

/** The original's defaults (Configuration/DefaultConfigurationManager.cs), bounds of our own. */
export const DEFAULT_LIMITS: ClassicLimits = {
  maxMessageBytes: 32 * 1024,
  keepAliveIntervalMs: 10_000,
  disconnectTimeoutMs: 30_000,
  connectionTimeoutMs: 110_000,
  transportConnectTimeoutMs: 5_000,
  longPollDelayMs: 0,
  maxConnections: 10_000,
  maxBufferedBytes: 1024 * 1024,
  maxReplayMessages: 1_000,
  maxReplayBytes: 256 * 1024,
  maxQueuedInvocations: 64,
};

/** Limits a keep-alive to a third of the disconnect timeout, as the original does. */
export function resolveLimits(options: Partial<ClassicLimits>): ClassicLimits {
  const limits: { -readonly [name in keyof ClassicLimits]: number } = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof ClassicLimits)[]) {
    const value = options[name] ?? DEFAULT_LIMITS[name];
    const least = name === 'longPollDelayMs' ? 0 : 1;
    if (!Number.isFinite(value) || value < least) throw new RangeError(`${name} is out of range`);
    limits[name] = value;
  }
  if (limits.keepAliveIntervalMs * 3 > limits.disconnectTimeoutMs) {
    throw new RangeError('keepAliveIntervalMs exceeds a third of disconnectTimeoutMs');
  }
  return limits;
}
