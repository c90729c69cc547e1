import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortPool } from '../../../src/recorder/intake/port-pool.ts';

describe('PortPool', () => {
  it('gives consecutive even ports within the range', () => {
    const pool = new PortPool(10_001, 10_009);
    expect(pool.free).toBe(4);
    expect(pool.take(2, 0)).toEqual([10_002, 10_004]);
    expect(pool.take(2, 0)).toEqual([10_006, 10_008]);
    expect(pool.free).toBe(0);
    expect(pool.take(1, 0)).toBeUndefined();
  });

  it('goes round the whole range before a port comes again', () => {
    const pool = new PortPool(20_000, 20_019);
    const first = pool.take(2, 0) ?? [];
    pool.release(first, 0);
    const seen = Array.from({ length: 4 }, () => {
      const ports = pool.take(2, 0) ?? [];
      pool.release(ports, 0);
      return ports[0];
    });
    expect(seen).toEqual([20_004, 20_008, 20_012, 20_016]);
    expect(pool.take(2, 0)).toEqual([20_000, 20_002]);
  });

  it('finds the free run between taken ports', () => {
    const pool = new PortPool(30_000, 30_011);
    const runs = [pool.take(1, 0), pool.take(2, 0), pool.take(3, 0)];
    pool.release(runs[1] ?? [], 0);
    expect(pool.take(3, 0)).toBeUndefined();
    expect(pool.take(2, 0)).toEqual([30_002, 30_004]);
  });

  it.each([
    [5001, 5001, 0],
    [5000, 5000, 0],
    [5002, 5001, 0],
    [65_534, 65_535, 1],
  ])('from %i to %i has %i ports', (portMin, portMax, count) => {
    const pool = new PortPool(portMin, portMax);
    expect(pool.free).toBe(count);
    expect(pool.take(1, 0)?.length ?? 0).toBe(count);
  });

  it('gives no port twice, in any order of takes and releases', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(0)));
    fc.assert(
      fc.property(steps, (sizes) => {
        const pool = new PortPool(40_000, 40_031);
        const held: number[][] = [];
        for (const size of sizes) {
          if (size === 0) pool.release(held.shift() ?? [], 0);
          else {
            const run = pool.take(size, 0);
            if (run) held.push(run);
          }
          const ports = held.flat();
          expect(new Set(ports).size).toBe(ports.length);
          expect(pool.free).toBe(16 - ports.length);
          expect(ports.every((port) => port % 2 === 0)).toBe(true);
        }
      }),
    );
  });

  it('takes an exact port, also from a range configured earlier', () => {
    const pool = new PortPool(10_000, 10_007);
    expect(pool.reserve(10_002)).toBe(true);
    expect(pool.reserve(10_002)).toBe(false);
    expect(pool.reserve(20_000)).toBe(true);
    expect(pool.free).toBe(3);
    expect(pool.take(2, 0)).toEqual([10_004, 10_006]);
    pool.release([10_002, 20_000], 0);
    expect(pool.free).toBe(2);
    expect(pool.reserve(20_000)).toBe(true);
  });
});
