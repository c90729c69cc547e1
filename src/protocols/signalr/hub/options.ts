import type { ProtocolName } from '../codec/codec.ts';
import type { TransportName } from '../wire/wire.ts';
import type { Hub } from './hub.ts';

/** Every bound has its unit in its name. Defaults are the vendor's where it has one. */
export interface SignalrLimits {
  /** A ping is sent when nothing else was for this long. */
  readonly keepAliveIntervalMs: number;
  /** A client that is silent for this long counts as gone (not over long polling). */
  readonly clientTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  /** Lifetime of a connection without transport: negotiated, between polls, cut off. */
  readonly disconnectTimeoutMs: number;
  /** An idle poll is answered after this long; the JS client gives up at 100 s. */
  readonly longPollTimeoutMs: number;
  /** Delay before received messages are acknowledged, many at once. */
  readonly acknowledgeDelayMs: number;
  /** Longest wait for client results. */
  readonly clientResultTimeoutMs: number;
  /** Time that a closing WebSocket may take to answer the close frame. */
  readonly closeTimeoutMs: number;
  /** One hub message from a client. */
  readonly maxMessageBytes: number;
  /** One WebSocket message or POST body, which may hold many hub messages. */
  readonly maxTransferBytes: number;
  /** Bytes that may wait for one client; one that does not read is closed beyond this. */
  readonly maxBacklogBytes: number;
  /** Stateful reconnect: beyond this, messages wait for an acknowledgement of earlier ones. */
  readonly replayBufferBytes: number;
  /** A streaming method yields its next item while less than this waits for the client. */
  readonly streamHighWaterBytes: number;
  /** Unread items of a client's stream after which the client is not read. */
  readonly maxStreamBufferItems: number;
  /** Waiting calls of one client after which the client is not read. */
  readonly maxPendingInvocations: number;
  readonly maxParallelInvocations: number;
  readonly maxConnections: number;
  /** Levels of arrays and maps in a MessagePack message. */
  readonly maxNestingDepth: number;
}

export interface SignalrOptions extends Partial<SignalrLimits> {
  readonly hub: Hub;
  readonly transports?: readonly TransportName[];
  readonly protocols?: readonly ProtocolName[];
  /** Records of one event-loop tick leave together (default). */
  readonly coalesce?: boolean;
  /** Shows clients the messages of errors that are not HubErrors; for development. */
  readonly detailedErrors?: boolean;
  /**
   * Called at the upgrade with the headers Origin and Host if there is an Origin, since browsers
   * apply no CORS to WebSockets; false is answered 403.
   */
  isOriginAllowed?(origin: string, host: string | undefined): boolean;
  /** Decides whether a later request of a connection may act for it; false is answered 403. */
  isSameUser?(known: unknown, now: unknown): boolean;
  /** Returns when credentials end, Unix ms: the connection is closed then. undefined: never. */
  expiresAt?(user: unknown): number | undefined;
  /** Called for errors hidden from clients: thrown by methods and by the owner's hooks. */
  onError?(error: unknown): void;
}

export type Settings = SignalrLimits &
  Required<Omit<SignalrOptions, keyof SignalrLimits | 'isOriginAllowed'>> &
  Pick<SignalrOptions, 'isOriginAllowed'>;

const DEFAULTS = {
  keepAliveIntervalMs: 15_000,
  clientTimeoutMs: 30_000,
  handshakeTimeoutMs: 15_000,
  disconnectTimeoutMs: 15_000,
  longPollTimeoutMs: 90_000,
  acknowledgeDelayMs: 1_000,
  clientResultTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
  maxMessageBytes: 32 * 1024,
  maxTransferBytes: 1024 * 1024,
  maxBacklogBytes: 1024 * 1024,
  replayBufferBytes: 100_000,
  streamHighWaterBytes: 64 * 1024,
  maxStreamBufferItems: 10,
  maxPendingInvocations: 100,
  maxParallelInvocations: 1,
  maxConnections: 10_000,
  maxNestingDepth: 64,
  transports: ['WebSockets', 'ServerSentEvents', 'LongPolling'],
  protocols: ['json', 'messagepack'],
  coalesce: true,
  detailedErrors: false,
  isSameUser: () => true,
  expiresAt: () => undefined,
  onError: () => {},
} satisfies Omit<Settings, 'hub'>;

export function resolveSettings(options: SignalrOptions): Settings {
  return { ...DEFAULTS, ...options };
}
