import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { parseNetworks } from '../domain/networks.ts';

/** More hops than this is no chain of proxies. */
const MAX_HOPS = 16;

export interface CallerAddress {
  /** As the nearest proxy that is not trusted, or the client itself, is seen. */
  readonly address: string;
  /** It passed a proxy that nobody configured: where it really comes from, nobody can tell. */
  readonly forwardedByStranger: boolean;
}

/**
 * The client's address. `X-Forwarded-For` is believed as far as configured proxies wrote it: from
 * the right, each entry that a trusted proxy added (RFC 7239 section 8.1 says why no further).
 * @throws NetworkError for an entry that is neither an address nor a CIDR range
 */
export function callerAddressRule(
  trustedProxies: readonly string[],
): (request: IncomingMessage) => CallerAddress {
  const isTrusted = parseNetworks(trustedProxies);
  return ({ socket, headers }) => {
    const peer = socket.remoteAddress ?? '';
    const forwarded = headers['x-forwarded-for'];
    if (forwarded === undefined && headers.forwarded === undefined) {
      return { address: peer, forwardedByStranger: false };
    }
    if (trustedProxies.length === 0 || !isTrusted(peer)) {
      return { address: peer, forwardedByStranger: true };
    }
    return walk(peer, String(forwarded ?? ''), isTrusted);
  };
}

function walk(
  peer: string,
  forwarded: string,
  isTrusted: (address: string) => boolean,
): CallerAddress {
  let address = peer;
  const hops = forwarded.split(',').slice(-MAX_HOPS).reverse();
  for (const hop of hops) {
    const next = plainAddress(hop);
    // What cannot be read was written by nobody one knows.
    if (next === undefined) return { address, forwardedByStranger: true };
    address = next;
    if (!isTrusted(address)) return { address, forwardedByStranger: false };
  }
  // A trusted proxy names nobody before it, or only its own kind: it speaks for itself.
  return { address, forwardedByStranger: address === peer };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1` */
function plainAddress(hop: string): string | undefined {
  const text = hop.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  const address = bracketed ?? withPort ?? text;
  return isIP(address) === 0 ? undefined : address;
}
