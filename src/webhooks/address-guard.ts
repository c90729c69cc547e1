import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { ipv6Words, parseNetworks } from '../domain/common/networks.ts';

/**
 * Networks that no webhook may lead to: link-local addresses, where clouds keep credentials,
 * addresses that are no single host, and those that a gateway translates. IPv4-mapped forms are
 * read as IPv4.
 */
const forbiddenNetworks = [
  // This network, link-local, multicast and reserved addresses (RFC 1112 section 4), including
  // broadcast.
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Unspecified, link-local and multicast; site-local differs from site to site (RFC 3879).
  '::/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  // Metadata and agent addresses outside link-local: AWS, Google, Alibaba, Oracle, Azure.
  'fd00:ec2::/32',
  'fd00:c1::/32',
  'fd20:ce::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  // Gateways translate these to IPv4, each in its own way: NAT64 with the well-known prefix and the
  // one for local use (RFC 6052, RFC 8215), and Teredo, which hides the address (RFC 4380).
  '64:ff9b::/32',
  '2001::/32',
];

const isLoopback = parseNetworks(['::1']);

/**
 * Forms that embed an IPv4 address from that word on: IPv4-compatible (RFC 4291 section 2.5.5.1),
 * IPv4-translated (RFC 2765 section 2.1), 6to4 (RFC 3056).
 */
const embeddings = [
  { holds: parseNetworks(['::/96']), word: 6 },
  { holds: parseNetworks(['::ffff:0:0:0/96']), word: 6 },
  { holds: parseNetworks(['2002::/16']), word: 1 },
];

export type AddressRule = (address: string) => boolean;

/** @throws NetworkError that names an entry that is neither an address nor a CIDR range */
export function addressRule(allowedNetworks: readonly string[]): AddressRule {
  const isListed = parseNetworks(forbiddenNetworks);
  const isAllowed = parseNetworks(allowedNetworks);
  return (address) => {
    const embedded = embeddedIpv4(address);
    const isForbidden = isListed(address) || (embedded !== undefined && isListed(embedded));
    return isForbidden && !isAllowed(address);
  };
}

/**
 * Returns the IPv4 address embedded in an IPv6 address; IPv4-mapped ones are read as IPv4 anyway.
 */
function embeddedIpv4(address: string): string | undefined {
  // The loopback address embeds no other.
  if (isLoopback(address)) return undefined;
  const words = ipv6Words(address) ?? [];
  const form = isIsatap(words) ? { word: 6 } : embeddings.find(({ holds }) => holds(address));
  const [high, low] = form ? words.slice(form.word) : [];
  if (high === undefined || low === undefined) return undefined;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/**
 * True under any prefix, global or not, for ISATAP's interface identifier (RFC 5214 section 6.1).
 */
function isIsatap(words: readonly number[]): boolean {
  const [scope = -1, kind] = words.slice(4);
  return (scope & ~0x0200) === 0 && kind === 0x5efe;
}

export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** True when a URL's host is itself a refused address; names are left to the lookup. */
export function leadsToRefused(url: URL, isRefused: AddressRule): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isRefused(host);
}

/** `dns.lookup` for every address of a name. */
export type AllLookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Returns a lookup that omits refused addresses. The connection uses the very addresses that were
 * checked: a name that resolves differently a moment later gains nothing.
 */
export function guardedLookup(
  isRefused: AddressRule,
  lookup: AllLookup = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = (addresses ?? []).filter(({ address }) => !isRefused(address));
      const [first] = allowed;
      if (error) callback(error, []);
      else if (!first) callback(new AddressRefusedError('every address is refused'), []);
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
