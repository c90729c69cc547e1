import { describe, expect, it } from 'vitest';
import { buildRtp, emptyRtpPacket, parseRtp } from '../../../src/protocols/rtp/packet.ts';
import {
  type FormerSource,
  type MediaAddress,
  SourceLatch,
} from '../../../src/recorder/intake/source-latch.ts';

const signalled = { address: '192.0.2.1', port: 40_000 };
const behindNat = { address: '192.0.2.1', port: 51_234 };
const stranger = { address: '203.0.113.9', port: 40_000 };

/** A latch, and what it takes of what comes. */
class Line {
  readonly latch: SourceLatch;
  nowMs = 1_000;
  taken: number[] = [];

  constructor(
    source: { address: string | null; port: number | null } = signalled,
    former?: FormerSource,
  ) {
    this.latch = new SourceLatch(source, this.nowMs, former);
  }

  packet(from: MediaAddress, ssrc: number, sequence: number, isWary = false): void {
    const packet = emptyRtpPacket();
    const fields = { payloadType: 0, sequence, timestamp: sequence * 160, ssrc };
    const datagram = buildRtp(fields, Buffer.from([ssrc]));
    expect(parseRtp(datagram, packet)).toBe(true);
    const taken = this.latch.isOwn(packet, from, this.nowMs)
      ? [sequence]
      : this.latch
          .meet(packet, datagram, from, { nowMs: this.nowMs, isWary })
          .map((held) => held.sequence);
    this.taken.push(...taken);
  }

  /** Packets 20 ms apart. */
  talk(from: MediaAddress, ssrc: number, first: number, count: number): number[] {
    this.taken = [];
    for (let index = 0; index < count; index += 1) {
      this.packet(from, ssrc, first + index);
      this.nowMs += 20;
    }
    return this.taken;
  }
}

const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => from + at);

describe('SourceLatch', () => {
  it('accepts the signalled address at once', () => {
    expect(new Line().talk(signalled, 1, 0, 5)).toEqual(numbers(0, 5));
  });

  it('accepts the first source when the client signals no address', () => {
    expect(new Line({ address: null, port: null }).talk(stranger, 1, 0, 5)).toEqual(numbers(0, 5));
  });

  it('recognises an address in another spelling', () => {
    const line = new Line({ address: '2001:DB8:0:0::1', port: 9 });
    expect(line.talk({ address: '2001:db8::1', port: 9 }, 1, 0, 3)).toEqual(numbers(0, 3));
  });

  it('accepts another address once it is steady, and loses nothing meanwhile', () => {
    const line = new Line();
    expect(line.talk(behindNat, 1, 0, 9)).toEqual([]);
    expect(line.talk(behindNat, 1, 9, 3)).toEqual(numbers(0, 12));
    expect(line.latch.foreign).toBe(0);
  });

  it('lets the signalled address replace another one at once', () => {
    const line = new Line();
    line.talk(stranger, 9, 0, 20);
    expect(line.talk(signalled, 1, 0, 3)).toEqual(numbers(0, 3));
    expect(line.talk(stranger, 9, 20, 20)).toEqual([]);
  });

  it('ignores and counts other sources while its own sends', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    line.taken = [];
    for (let index = 5; index < 105; index += 1) {
      line.packet(signalled, 1, index);
      line.packet(stranger, 1, index);
      line.packet(stranger, 9, index);
      line.packet(behindNat, 9, index);
      line.packet(signalled, 9, index);
      line.nowMs += 20;
    }
    expect(line.taken).toEqual(numbers(5, 100));
    line.talk(signalled, 1, 105, 1);
    expect(line.latch.foreign).toBe(400);
  });

  it('follows its own address to another SSRC, and loses nothing', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    expect(line.talk(signalled, 2, 700, 10)).toEqual(numbers(700, 10));
    expect(line.latch.foreign).toBe(0);
  });

  it('gives up a silent source for a steady one only', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    expect(line.talk(stranger, 9, 0, 40)).toEqual([]);
    line.talk(signalled, 1, 5, 1);
    line.nowMs += 2_000;
    line.taken = [];
    for (let index = 0; index < 40; index += 1) line.packet(stranger, 8, index * 500);
    expect(line.taken).toEqual([]);
    expect(line.talk(behindNat, 2, 0, 12)).toEqual(numbers(0, 12));
  });

  it('lets a flood of sources replace no source, and holds little of it', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    for (let index = 0; index < 10_000; index += 1) line.packet(stranger, index, index & 0xffff);
    expect(line.talk(signalled, 1, 5, 3)).toEqual(numbers(5, 3));
    expect(line.latch.foreign).toBe(10_000);
  });

  it('follows a renegotiation to another address', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    line.latch.signal({ address: stranger.address, port: stranger.port });
    expect(line.talk(signalled, 1, 5, 2)).toEqual(numbers(5, 2));
    expect(line.talk(stranger, 2, 0, 3)).toEqual(numbers(0, 3));
    expect(line.talk(signalled, 1, 7, 20)).toEqual([]);
  });

  it('drops late packets of the port’s previous call', () => {
    const former = { ...behindNat, ssrc: 1, sequence: 65_530 };
    const line = new Line({ address: null, port: null }, former);
    expect(line.talk(behindNat, 1, 65_531, 5)).toEqual([]);
    for (let index = 0; index < 5; index += 1) line.packet(behindNat, 1, index);
    expect(line.taken).toEqual([]);
    expect(line.latch.foreign).toBe(10);
    // A client that always has the same SSRC begins its numbers elsewhere.
    expect(line.talk(behindNat, 1, 30_000, 3)).toEqual(numbers(30_000, 3));
  });

  it('returns to an earlier source only when none of its old packets can come', () => {
    const line = new Line();
    line.talk(signalled, 1, 0, 5);
    line.talk(signalled, 2, 0, 5);
    line.taken = [];
    for (let index = 5; index < 20; index += 1) line.packet(signalled, 1, index, true);
    expect(line.taken).toEqual([]);
    expect(line.talk(signalled, 1, 20, 5)).toEqual(numbers(20, 5));
  });

  it('decides for the steadiest source when nothing may wait', () => {
    const line = new Line();
    line.packet(stranger, 9, 0);
    line.talk(behindNat, 1, 0, 4);
    expect(line.latch.settle(line.nowMs).map(({ sequence }) => sequence)).toEqual(numbers(0, 4));
    expect(line.latch.foreign).toBe(1);
  });
});
