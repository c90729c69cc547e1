import { isIPv4, SocketAddress } from 'node:net';
import type { MediaSource } from '../../domain/model/media-agreement.ts';
import type { RtpPacket } from '../../protocols/rtp/packet.ts';
import { type HeldPacket, holdPacket, wipe } from './held-packets.ts';

/** The address that packets come from. */
export interface MediaAddress {
  readonly address: string;
  readonly port: number;
}

/** The last that a stream heard of its source. */
export interface FormerSource extends MediaAddress {
  readonly ssrc: number;
  readonly sequence: number;
}

/** This many packets in a row make a source steady. */
const STEADY_PACKETS = 10;
/** The same at the address of the current source, where a newcomer is the client's own. */
const STEADY_AT_SAME_ADDRESS = 3;
/** A source must be silent this long before one at another address may replace it. */
const SILENT_MS = 1_000;
/** The longest wait for a stream's first source to be signalled, or steady. */
const MAX_WAIT_MS = 500;
/** The most that two successive packets of a newcomer may be apart, in numbers. */
const MAX_STEP = 16;
const MAX_HELD = 64;
/** Sources considered at the same time; more are a flood. */
const MAX_NEWCOMERS = 4;
const MAX_REPLACED = 64;
/** Late packets of the port's previous call may come for this long. */
const FORMER_MS = 10_000;
/** Packets that the former source may have sent since it was last heard. */
const FORMER_PACKETS = 1_000;

interface Newcomer extends MediaAddress {
  readonly ssrc: number;
  readonly sinceMs: number;
  sequence: number;
  count: number;
  /** Packets held in memory until the source is accepted. */
  held: HeldPacket[];
}

/** Writes an IPv6 address as the system writes the addresses that packets come from. */
function asHeard(source: MediaSource): MediaSource {
  const { address } = source;
  if (address === null || isIPv4(address)) return source;
  return { ...source, address: new SocketAddress({ address, family: 'ipv6' }).address };
}

const nobody: readonly HeldPacket[] = [];

/**
 * Decides which packets are the client's. A source is an address with an SSRC; one at a time is
 * heard. The signalled address comes first. If packets come from elsewhere, as behind a NAT, the
 * first steady source is accepted. A source is replaced by the signalled one, or once it is silent
 * and the new one is steady; the new one's packets wait in memory meanwhile. All other sources are
 * foreign.
 */
export class SourceLatch {
  readonly #former: FormerSource | undefined;
  readonly #openedAtMs: number;
  #signalled: MediaSource;
  #address = '';
  #port = 0;
  #ssrc: number | undefined;
  #sequence = 0;
  #heardAtMs = 0;
  /** True when the client has signalled another address since. */
  #outdated = false;
  #newcomers: Newcomer[] = [];
  /** Sources heard before the current one. */
  readonly #replaced = new Set<number>();
  /** Packets of other sources that were not accepted. */
  foreign = 0;

  constructor(signalled: MediaSource, openedAtMs: number, former?: FormerSource) {
    this.#signalled = asHeard(signalled);
    this.#openedAtMs = openedAtMs;
    this.#former = former;
  }

  /** The current source; undefined before the first packet. */
  get source(): FormerSource | undefined {
    if (this.#ssrc === undefined) return undefined;
    const { address, port } = { address: this.#address, port: this.#port };
    return { address, port, ssrc: this.#ssrc, sequence: this.#sequence };
  }

  /** Returns true when a valid packet came from this address. */
  hasHeard(address: string): boolean {
    return this.#ssrc !== undefined && this.#address === address;
  }

  signal(source: MediaSource): void {
    const { address, port } = this.#signalled;
    const signalled = asHeard(source);
    if (address === signalled.address && port === signalled.port) return;
    this.#signalled = signalled;
    this.#outdated = true;
  }

  /** Returns true for a packet of the current source: the path of nearly every packet. */
  isOwn(packet: RtpPacket, from: MediaAddress, nowMs: number): boolean {
    if (packet.ssrc !== this.#ssrc || from.port !== this.#port) return false;
    if (from.address !== this.#address) return false;
    this.#sequence = packet.sequence;
    this.#heardAtMs = nowMs;
    if (this.#newcomers.length > 0) this.#refuseNewcomers();
    return true;
  }

  /**
   * Takes a packet of another source.
   * @param now with `isWary`, a packet that may be old must not count as new
   * @returns the packets to read now: none, or the source's so far
   */
  meet(
    packet: RtpPacket,
    datagram: Buffer,
    from: MediaAddress,
    { nowMs, isWary }: { readonly nowMs: number; readonly isWary: boolean },
  ): readonly HeldPacket[] {
    const mayBeOld = isWary && this.#replaced.has(packet.ssrc);
    if (mayBeOld || this.#isOfFormerCall(packet, from, nowMs)) {
      this.foreign += 1;
      return nobody;
    }
    const newcomer = this.#newcomerFor(packet, from, nowMs);
    if (newcomer.held.length < MAX_HELD) {
      newcomer.held.push(holdPacket(packet, datagram, { atMs: nowMs, afterMs: nowMs }));
    } else this.foreign += 1;
    return this.#isBelieved(newcomer, nowMs) ? this.#believe(newcomer, nowMs) : nobody;
  }

  /** Accepts a source that has been alone for long enough, steady or not. */
  tick(nowMs: number): readonly HeldPacket[] {
    if (this.#ssrc !== undefined) return nobody;
    const isDue = this.#newcomers.some(({ sinceMs }) => nowMs - sinceMs >= MAX_WAIT_MS);
    return isDue ? this.settle(nowMs) : nobody;
  }

  /**
   * Decides about waiting packets now, because a gate changes or the stream ends.
   * @returns the packets of an uncontested newcomer, to be read now
   */
  settle(nowMs: number): readonly HeldPacket[] {
    const possible = this.#newcomers.filter(
      (newcomer) => this.#ssrc === undefined || this.#isAtOwnAddress(newcomer),
    );
    const [steadiest] = possible.sort((a, b) => b.count - a.count);
    const held = steadiest ? this.#believe(steadiest, nowMs) : nobody;
    this.#refuseNewcomers();
    return held;
  }

  #newcomerFor(packet: RtpPacket, { address, port }: MediaAddress, sinceMs: number): Newcomer {
    const { ssrc, sequence } = packet;
    const known = this.#newcomers.find(
      (one) => one.ssrc === ssrc && one.port === port && one.address === address,
    );
    if (known) {
      const step = (sequence - known.sequence) & 0xffff;
      if (step > 0 && step <= MAX_STEP) known.count += 1;
      known.sequence = sequence;
      return known;
    }
    const newcomer = { address, port, ssrc, sinceMs, sequence, count: 1, held: [] };
    this.#newcomers.push(newcomer);
    if (this.#newcomers.length > MAX_NEWCOMERS) this.#refuse(this.#newcomers[0] as Newcomer);
    return newcomer;
  }

  #believe(newcomer: Newcomer, nowMs: number): readonly HeldPacket[] {
    this.#newcomers = this.#newcomers.filter((one) => one !== newcomer);
    if (this.#ssrc !== undefined && this.#replaced.size < MAX_REPLACED) {
      this.#replaced.add(this.#ssrc);
    }
    this.#replaced.delete(newcomer.ssrc);
    this.#address = newcomer.address;
    this.#port = newcomer.port;
    this.#ssrc = newcomer.ssrc;
    this.#sequence = newcomer.sequence;
    this.#heardAtMs = nowMs;
    this.#outdated = false;
    return newcomer.held;
  }

  #isAtOwnAddress({ address, port }: MediaAddress): boolean {
    return address === this.#address && port === this.#port;
  }

  #refuseNewcomers(): void {
    for (const newcomer of this.#newcomers) this.#refuse(newcomer);
  }

  #refuse(newcomer: Newcomer): void {
    this.#newcomers = this.#newcomers.filter((one) => one !== newcomer);
    this.foreign += newcomer.held.length;
    wipe(newcomer.held);
  }

  #isBelieved(newcomer: Newcomer, nowMs: number): boolean {
    const { address, port } = this.#signalled;
    const isSignalled = newcomer.address === address && newcomer.port === port;
    const isFirst = this.#ssrc === undefined;
    const isAtOwnAddress = this.#isAtOwnAddress(newcomer);
    if (isFirst && (isSignalled || address === null)) return true;
    if (isSignalled && !isAtOwnAddress) return true;
    if (isAtOwnAddress) return newcomer.count >= STEADY_AT_SAME_ADDRESS;
    const isQuiet = isFirst || this.#outdated || nowMs - this.#heardAtMs >= SILENT_MS;
    return isQuiet && newcomer.count >= STEADY_PACKETS;
  }

  /** True for a late packet of the call that had the port before. */
  #isOfFormerCall({ ssrc, sequence }: RtpPacket, from: MediaAddress, nowMs: number): boolean {
    const former = this.#former;
    if (former === undefined || nowMs - this.#openedAtMs > FORMER_MS) return false;
    if (ssrc !== former.ssrc || from.address !== former.address || from.port !== former.port) {
      return false;
    }
    const ahead = (sequence - former.sequence) & 0xffff;
    return ahead > 0 && ahead <= FORMER_PACKETS;
  }
}
