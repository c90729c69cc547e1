import { isIPv4 } from 'node:net';
import type { MediaAddress } from '../intake/source-latch.ts';
import type { LoadedLibc, PinnedMemory } from './libc.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Bytes of a `sockaddr_in6`; a `sockaddr_in` is 16 of them. */
export const ADDRESS_BYTES = 28;
const IPV4_BYTES = 16;
const TEXT_BYTES = 64;
/** Offsets of an IPv6 address and of its scope. */
const IPV6_AT = 8;
const SCOPE_AT = 24;

/** Reads and writes the system's socket addresses (`ip(7)`, `ipv6(7)`). */
export class SocketAddresses {
  readonly family: number;
  readonly #libc: LoadedLibc['libc'];
  readonly #text: PinnedMemory;
  readonly #raw: PinnedMemory;

  /** @param family of the sockets: an IPv6 one knows IPv4 addresses as `::ffff:192.0.2.1` */
  constructor({ libc, pin }: LoadedLibc, family: number) {
    this.family = family;
    this.#libc = libc;
    this.#text = pin(TEXT_BYTES);
    this.#raw = pin(ADDRESS_BYTES);
  }

  /**
   * Writes a literal address, and returns where, with its length; undefined for any other text. It
   * stands until the next one is written.
   */
  write({ address, port }: MediaAddress): { at: bigint; bytes: number } | undefined {
    const { bytes } = this.#raw;
    const isIPv6 = this.family === AF_INET6;
    const literal = isIPv6 && isIPv4(address) ? `::ffff:${address}` : address;
    const [text = '', scope] = literal.split('%');
    if (text.length >= TEXT_BYTES || (scope ?? '').length >= TEXT_BYTES) return undefined;
    if (scope !== undefined && !isIPv6) return undefined;
    bytes.fill(0);
    bytes.writeUInt16LE(this.family, 0);
    bytes.writeUInt16BE(port, 2);
    if (scope !== undefined) bytes.writeUInt32LE(this.#scopeOf(scope), SCOPE_AT);
    this.#writeText(text);
    const at = this.#raw.address + BigInt(isIPv6 ? IPV6_AT : 4);
    if (this.#libc.inet_pton(this.family, this.#text.address, at) !== 1) return undefined;
    return { at: this.#raw.address, bytes: isIPv6 ? ADDRESS_BYTES : IPV4_BYTES };
  }

  /** Reads an address, as Node writes it. */
  read(from: PinnedMemory, offset: number): MediaAddress {
    const port = from.bytes.readUInt16BE(offset + 2);
    const isIPv6 = from.bytes.readUInt16LE(offset) === AF_INET6;
    const [family, at] = isIPv6 ? [AF_INET6, IPV6_AT] : [AF_INET, 4];
    this.#libc.inet_ntop(
      family,
      from.address + BigInt(offset + at),
      this.#text.address,
      TEXT_BYTES,
    );
    const address = this.#readText();
    const scope = isIPv6 ? from.bytes.readUInt32LE(offset + SCOPE_AT) : 0;
    if (scope === 0) return { address, port };
    const isNamed = this.#libc.if_indextoname(scope, this.#text.address) !== 0n;
    return { address: `${address}%${isNamed ? this.#readText() : scope}`, port };
  }

  #scopeOf(scope: string): number {
    this.#writeText(scope);
    return this.#libc.if_nametoindex(this.#text.address) || Number(scope) || 0;
  }

  #writeText(text: string): void {
    this.#text.bytes.fill(0);
    this.#text.bytes.write(text, 'latin1');
  }

  #readText(): string {
    const { bytes } = this.#text;
    return bytes.toString('latin1', 0, bytes.indexOf(0));
  }
}
