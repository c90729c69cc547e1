import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { parseNetworks, plainAddress } from '../../domain/common/networks.ts';

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

type IsTrusted = (address: string) => boolean;

/** Headers that only proxies write, by standard (RFC 9110 section 7.6.3, RFC 7239) or habit. */
const proxyHeader = new RegExp(
  '^(?:via|forwarded|x-forwarded.*|x-original-.*|x-real-ip|cf-connecting-ip|' +
    '(?:x-(?:cluster-)?|true-)client-ip)$',
);

/**
 * The client's address. `X-Forwarded-For` is believed as far as configured proxies wrote it: from
 * the right, each entry that a trusted proxy added (RFC 7239 section 8.1 says why no further). A
 * proxy may write another header and hand that one on as the client sent it: where `Forwarded` or
 * `X-Real-IP` tell another story, nobody knows which one is the proxy's.
 * @throws NetworkError for an entry that is neither an address nor a CIDR range
 */
export function callerAddressRule(
  trustedProxies: readonly string[],
): (request: IncomingMessage) => CallerAddress {
  const isListed = parseNetworks(trustedProxies);
  const isTrusted: IsTrusted = trustedProxies.length === 0 ? () => false : isListed;
  return ({ socket, headers }) => {
    const peer = socket.remoteAddress ?? '';
    if (!isTrusted(peer)) {
      const forwardedByStranger = Object.keys(headers).some((name) => proxyHeader.test(name));
      return { address: peer, forwardedByStranger };
    }
    const { addresses, isKnown } = walk(hopsOf(headers['x-forwarded-for']), isTrusted);
    const isAgreed = isKnown && agrees(headers, addresses, isTrusted);
    return { address: addresses.at(-1) ?? peer, forwardedByStranger: !isAgreed };
  };
}

interface Walk {
  /** Lists the client that each proxy saw, from the nearest on, up to the first untrusted one. */
  readonly addresses: readonly string[];
  /** Whether the last of them is the client. */
  readonly isKnown: boolean;
}

/**
 * A proxy that names nobody asks for somebody all the same, and what cannot be read was written by
 * nobody one knows. Whom the last of our proxies names is the client, also on a proxy's machine.
 */
function walk(hops: readonly (string | undefined)[], isTrusted: IsTrusted): Walk {
  const addresses: string[] = [];
  for (const hop of hops.slice(-MAX_HOPS).reverse()) {
    if (hop === undefined) return { addresses, isKnown: false };
    addresses.push(hop);
    if (!isTrusted(hop)) break;
  }
  return { addresses, isKnown: addresses.length > 0 };
}

/** Whether the other headers, where they are there, name the same client. */
function agrees(
  { forwarded, 'x-real-ip': real }: IncomingHttpHeaders,
  addresses: readonly string[],
  isTrusted: IsTrusted,
): boolean {
  // A chain's last proxy names the one before it.
  if (real !== undefined && !addresses.includes(addressOf(String(real)) ?? '')) return false;
  if (forwarded === undefined) return true;
  const other = walk(forwarded.split(',').map(forwardedFor), isTrusted);
  return other.isKnown && other.addresses.at(-1) === addresses.at(-1);
}

function hopsOf(list: string | readonly string[] | undefined): (string | undefined)[] {
  return list === undefined ? [] : String(list).split(',').map(addressOf);
}

/** `for="[2001:db8::1]:4711";proto=https` (RFC 7239 section 4) */
function forwardedFor(element: string): string | undefined {
  const named = element.split(';').map((pair) => /^\s*for\s*=\s*(?:"([^"]*)"|(.*))$/i.exec(pair));
  const [match, ...others] = named.filter((one) => one !== null);
  return others.length > 0 ? undefined : addressOf(match?.[1] ?? match?.[2] ?? '');
}

/** `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]:4711`, `2001:db8::1` */
function addressOf(hop: string): string | undefined {
  const text = hop.trim();
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1];
  const withPort = /^([\d.]+):\d{1,5}$/.exec(text)?.[1];
  const address = bracketed ?? withPort ?? text;
  return isIP(address) === 0 ? undefined : plainAddress(address);
}
