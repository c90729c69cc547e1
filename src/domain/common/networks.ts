import { BlockList, isIP } from 'node:net';

const IPV6_WORDS = 8;
/** Words of the /64 prefix. */
const NETWORK_WORDS = 4;

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** Parses a list of addresses and CIDR ranges. @throws NetworkError naming an invalid entry */
export function parseNetworks(entries: readonly string[]): (address: string) => boolean {
  // Separate lists, because in a single one `::/0` would hold every IPv4 address as well.
  const lists = { 4: new BlockList(), 6: new BlockList() };
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = prefix === undefined ? most : Number(prefix);
    // An empty prefix is not a prefix of 0, which would admit every address.
    const isRange = rest.length === 0 && (prefix === undefined || /^\d{1,3}$/.test(prefix));
    if (family === 0 || !isRange || bits > most) {
      throw new NetworkError(`${entry} is neither an address nor a CIDR range`);
    }
    if (family === 6) lists[6].addSubnet(address, bits, 'ipv6');
    else lists[4].addSubnet(address, bits, 'ipv4');
  }
  return (address) => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    if (family === 6) return lists[6].check(plain, 'ipv6');
    return family === 4 && lists[4].check(plain, 'ipv4');
  };
}

/**
 * Returns the key by which a client is counted: its address, or for IPv6 its /64, since every
 * client has all addresses of one (RFC 4291 section 2.5.4). A text that is no address is its own
 * key.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const words = ipv6Words(address);
  if (!words) return plainAddress(address);
  const network = words.slice(0, NETWORK_WORDS).map((word) => word.toString(16));
  return `${network.join(':')}::/64`;
}

/** Returns the eight words of an IPv6 address; undefined for an IPv4-mapped one or other text. */
export function ipv6Words(address: string): number[] | undefined {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return undefined;
  const [head, tail] = plain.split('::').map((part) => (part === '' ? [] : part.split(':')));
  if (!head) return undefined;
  const zeros = tail ? IPV6_WORDS - head.length - tail.length : 0;
  const texts = [...head, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? [])];
  return texts.map((text) => Number.parseInt(text, 16));
}

/** Returns the address without its zone, an IPv4-mapped one as IPv4 (RFC 4291 section 2.5.5.2). */
export function plainAddress(address: string): string {
  const [withoutZone = ''] = address.split('%');
  if (isIP(withoutZone) !== 6) return withoutZone;
  const canonical = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = [mapped[1], mapped[2]].map((word) => Number.parseInt(word ?? '', 16));
  return [high, low].flatMap((word = 0) => [word >> 8, word & 0xff]).join('.');
}

const onThisMachine = parseNetworks(['127.0.0.0/8', '::1']);

/** Returns true for addresses and names (RFC 6761 section 6.3) that always lead to this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || onThisMachine(name);
}
