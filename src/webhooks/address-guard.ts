import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { parseNetworks } from '../domain/networks.ts';

/**
 * Where no webhook may lead: the machine's own link, which is where clouds keep credentials, and
 * what is no single host. IPv4-mapped forms are read as IPv4; the forms that gateways translate are
 * listed.
 */
const forbiddenNetworks = [
  // This network, link-local, multicast, broadcast.
  ...['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255'],
  ...['::/128', 'fe80::/10', 'ff00::/8'],
  // Metadata and agent addresses outside link-local: AWS, Google, Alibaba, Oracle, Azure.
  ...['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  // 169.254.0.0/16 as IPv4-compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056) addresses.
  ...['::a9fe:0/112', '64:ff9b::a9fe:0/112', '2002:a9fe::/32'],
];

export type AddressRule = (address: string) => boolean;

/** @throws NetworkError naming an entry that is neither an address nor a CIDR range */
export function addressRule(allowedNetworks: readonly string[]): AddressRule {
  const isForbidden = parseNetworks(forbiddenNetworks);
  const isAllowed = parseNetworks(allowedNetworks);
  return (address) => isForbidden(address) && !isAllowed(address);
}

export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/** True of a URL whose host is a refused address itself; names are left to the lookup. */
export function leadsToRefused(url: URL, isRefused: AddressRule): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isRefused(host);
}

/** `dns.lookup`, asked for every address of a name. */
export type AllLookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves for one connection and leaves out what is refused. The connection goes to the very
 * addresses that were judged: a name that resolves to something else a moment later gains nothing.
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
