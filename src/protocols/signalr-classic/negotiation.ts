import { ClassicRequestError } from './errors.ts';
import type { HubRegistry } from './hubs.ts';
import { property } from './json.ts';
import { parseLenient } from './lenient-json.ts';
import type { ClassicLimits } from './options.ts';
import type { TransportName } from './types.ts';

const LOWEST_PROTOCOL = '1.5';
const HIGHEST_PROTOCOL = '2.1';
/** First version whose clients stop at a frame's `E`; older ones stop when reconnecting fails. */
const FIRST_PROTOCOL_WITH_ERRORS = '2.0';
/** One may be missed (Configuration/ConfigurationExtensions.cs, KeepAliveTimeout). */
const KEEP_ALIVES_TO_TIMEOUT = 2;
/** Hubs per client; each gets its own copy of every message. */
const MAX_HUBS = 16;
const MAX_HUB_NAME = 256;
const TRANSPORTS: readonly TransportName[] = ['webSockets', 'serverSentEvents', 'longPolling'];

/** Limits the client's version to the range served (Infrastructure/ProtocolResolver.cs). */
export function protocolVersion(asked: string | undefined): string {
  if (!asked || !/^\d{1,3}\.\d{1,3}$/.test(asked)) return LOWEST_PROTOCOL;
  if (compareVersions(asked, LOWEST_PROTOCOL) < 0) return LOWEST_PROTOCOL;
  return compareVersions(asked, HIGHEST_PROTOCOL) > 0 ? HIGHEST_PROTOCOL : asked;
}

export function understandsErrors(asked: string | undefined): boolean {
  return compareVersions(protocolVersion(asked), FIRST_PROTOCOL_WITH_ERRORS) >= 0;
}

/**
 * Encodes the negotiate answer, in seconds (PersistentConnection.cs, ProcessNegotiationRequest).
 */
export function encodeNegotiation(
  limits: ClassicLimits,
  client: { url: string; protocol: string; connectionId: string; connectionToken: string },
): string {
  return JSON.stringify({
    Url: client.url,
    ConnectionToken: client.connectionToken,
    ConnectionId: client.connectionId,
    KeepAliveTimeout: (limits.keepAliveIntervalMs * KEEP_ALIVES_TO_TIMEOUT) / 1000,
    DisconnectTimeout: limits.disconnectTimeoutMs / 1000,
    ConnectionTimeout: limits.connectionTimeoutMs / 1000,
    TryWebSockets: true,
    ProtocolVersion: client.protocol,
    TransportConnectTimeout: limits.transportConnectTimeoutMs / 1000,
    LongPollDelay: limits.longPollDelayMs / 1000,
  });
}

export function parseTransport(name: string | undefined): TransportName {
  // Matches in any case, as the original does (Transports/TransportManager.cs).
  const asked = name?.toLowerCase();
  const transport = TRANSPORTS.find((one) => one.toLowerCase() === asked);
  if (transport) return transport;
  const problem = name ? 'is not supported' : 'is missing';
  throw new ClassicRequestError(400, `The transport ${problem}; use ${TRANSPORTS.join(', ')}.`);
}

/** A connection's subscriptions: the names that the client calls each hub by, by hub key. */
export type SubscribedHubs = ReadonlyMap<string, readonly string[]>;

/** Parses `connectionData`: `[{"name":"hub"}]`, the subscriptions (Hubs/HubDispatcher.cs). */
export function parseSubscribedHubs(data: string | undefined, hubs: HubRegistry): SubscribedHubs {
  const namesOf = new Map<string, string[]>();
  const entries = data ? parseList(data) : [];
  if (entries.length > MAX_HUBS) throw new ClassicRequestError(400, 'There are too many hubs.');
  for (const entry of entries) {
    const name = property(entry, 'name');
    if (typeof name !== 'string' || name === '' || name.length > MAX_HUB_NAME) throw malformed();
    const key = hubs.keyOf(name);
    if (key === undefined) {
      throw new ClassicRequestError(400, `'${name}' Hub could not be resolved.`);
    }
    const names = namesOf.get(key) ?? [];
    if (!names.some((one) => one.toLowerCase() === name.toLowerCase())) names.push(name);
    namesOf.set(key, names);
  }
  return namesOf;
}

function parseList(data: string): readonly unknown[] {
  try {
    const list = parseLenient(data);
    if (Array.isArray(list)) return list;
  } catch {
    // Answered below, together with input that is no list.
  }
  throw malformed();
}

function malformed(): ClassicRequestError {
  return new ClassicRequestError(400, 'The connectionData is a JSON list of hubs with a name.');
}

function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}
