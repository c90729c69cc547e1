import { BlockList, isIP } from 'node:net';

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
}

/** A list of addresses and CIDR ranges. @throws NetworkError naming the entry that is neither */
export function parseNetworks(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const bits = prefix === undefined ? most : Number(prefix);
    // An empty prefix is no prefix of 0: it would let everybody in.
    const isRange = rest.length === 0 && (prefix === undefined || /^\d{1,3}$/.test(prefix));
    if (family === 0 || !isRange || bits > most) {
      throw new NetworkError(`${entry} is neither an address nor a CIDR range`);
    }
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => {
    const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
    const family = isIP(plain);
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
}
