import type { Link } from './link.ts';
import type { TransportName } from './wire.ts';

const MAX_VERSION = 1;

/** Server-sent events cannot carry binary data. */
const TRANSFER_FORMATS: Readonly<Record<TransportName, readonly string[]>> = {
  WebSockets: ['Text', 'Binary'],
  ServerSentEvents: ['Text'],
  LongPolling: ['Text', 'Binary'],
};

export interface NegotiateRequest {
  readonly version: number;
  readonly statefulReconnect: boolean;
}

/** Finds keys of a query without regard to case, as the vendor's server does. */
export function queryValue(query: URLSearchParams, name: string): string | undefined {
  for (const [key, value] of query) {
    if (key.toLowerCase() === name) return value;
  }
  return undefined;
}

/** Parses a "negotiate request" (transport protocol). A string is an error to answer. */
export function parseNegotiate(query: URLSearchParams): NegotiateRequest | string {
  const asked = queryValue(query, 'negotiateversion');
  const version = asked === undefined ? 0 : Number(asked);
  if (asked?.trim() === '' || !Number.isInteger(version)) {
    return `The client requested a non-integer protocol version.`;
  }
  if (version < 0) return `The client requested version '${version}', but the server begins at 0.`;
  return {
    version: Math.min(version, MAX_VERSION),
    statefulReconnect: queryValue(query, 'usestatefulreconnect')?.toLowerCase() === 'true',
  };
}

/** Clients refuse a `useStatefulReconnect` that they did not request. */
export function negotiateAnswer(
  link: Link,
  { version, statefulReconnect }: NegotiateRequest,
  transports: readonly TransportName[],
): object {
  return {
    negotiateVersion: version,
    ...(version === 0 ? {} : { connectionToken: link.token }),
    connectionId: link.id,
    ...(statefulReconnect ? { useStatefulReconnect: true } : {}),
    availableTransports: transports.map((transport) => ({
      transport,
      transferFormats: TRANSFER_FORMATS[transport],
    })),
  };
}
