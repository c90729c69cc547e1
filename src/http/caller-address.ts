import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { parseNetworks } from '../domain/networks.ts';

/** More hops than this is no chain of proxies. */
const MAX_HOPS = 16;

export interface CallerAddress {
  /** As the nearest proxy that is not trusted, or the client itself, is seen. */
  readonly address: string;
  /**
   * It passed a proxy that nobody configured, or one that does not say for whom it asks: where it
   * really comes from, nobody can tell.
   */
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
    const isProxy = trustedProxies.length > 0 && isTrusted(peer);
    // A proxy that names nobody asks for somebody all the same: it is no local caller itself.
    if (forwarded === undefined && headers.forwarded === undefined) {
      return { address: peer, forwardedByStranger: isProxy };
    }
    if (!isProxy) return { address: peer, forwardedByStranger: true };
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
  // Whom the last of them names is the client, on a machine that proxies stand on too.
  return { address, forwardedByStranger: false };
}

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1` */
function plainAddress(hop: string): string | undefined {
  const text = hop.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  const address = bracketed ?? withPort ?? text;
  return isIP(address) === 0 ? undefined : address;
}
