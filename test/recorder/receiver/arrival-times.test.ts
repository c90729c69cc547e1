import { createSocket } from 'node:dgram';
import { expect, it } from 'vitest';
import { threadOffsetMs } from '../../../src/recorder/clock/clock-origin.ts';
import { ArrivalClock } from '../../../src/recorder/receiver/arrival-clock.ts';
import { DescriptorTable } from '../../../src/recorder/receiver/descriptor-table.ts';
import { FfiReceiver } from '../../../src/recorder/receiver/ffi-receiver.ts';
import { type LoadedLibc, loadLibc } from '../../../src/recorder/receiver/libc.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const now = () => performance.now() + threadOffsetMs;
const host = '127.0.0.1';

function send(port: number): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.send('x', port, host, (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });
}

/** The C library, and what it writes as the time of the wall clock, changed. */
function steppedLibc(): { readonly loaded: LoadedLibc; step(ms: number): void } {
  const real = loadLibc();
  let time: ReturnType<LoadedLibc['pin']> | undefined;
  let stepMs = 0;
  const loaded: LoadedLibc = {
    libc: {
      ...real.libc,
      clock_gettime: (clock, at) => {
        const result = real.libc.clock_gettime(clock, at);
        const bytes = time?.bytes;
        if (!bytes || time?.address !== at) throw new Error('the time is written elsewhere');
        const nanoseconds = bytes.readBigInt64LE(0) * 1_000_000_000n + bytes.readBigInt64LE(8);
        const after = nanoseconds + BigInt(stepMs) * 1_000_000n;
        bytes.writeBigInt64LE(after / 1_000_000_000n, 0);
        bytes.writeBigInt64LE(after % 1_000_000_000n, 8);
        return result;
      },
    },
    pin: (size) => {
      const memory = real.pin(size);
      if (size === 16) time = memory;
      return memory;
    },
  };
  return {
    loaded,
    step: (ms) => {
      stepMs = ms;
    },
  };
}

it.each([0, 3_600_000, -3_600_000, 500, -500, 5, -5])(
  'a datagram came between two readings, though the wall clock is set by %i ms',
  async (steppedMs) => {
    const { loaded, step } = steppedLibc();
    const options = { host, now, onRead: () => undefined };
    const receiver = new FfiReceiver(options, new DescriptorTable(1), loaded);
    const received: { earliest: number; latest: number }[] = [];
    const socket = receiver.open('media', (_datagram, _from, cameAtMs) => {
      received.push({ earliest: receiver.cameAfterMs(cameAtMs), latest: cameAtMs });
    });
    const { portMin } = await freeRtpPorts();
    await new Promise<void>((resolve) => socket.bind(portMin, () => resolve()));
    const empty = () => new Promise<void>((resolve) => socket.afterArrived(resolve));
    await empty();
    const emptyAtMs = now();
    await send(portMin);
    const sentAtMs = now();
    step(steppedMs);
    await empty();
    const [{ earliest = 0, latest = 0 } = {}] = received;
    expect(received.length).toBe(1);
    // A reading of its cycle may have been first.
    expect(earliest).toBeGreaterThanOrEqual(emptyAtMs - 50);
    expect(earliest).toBeLessThanOrEqual(sentAtMs + 1);
    expect(latest).toBeGreaterThanOrEqual(earliest);
    expect(latest).toBeLessThanOrEqual(now());
    socket.close();
  },
);

it('takes nothing for sure while the clocks cannot be compared', () => {
  const real = loadLibc();
  let isSlow = false;
  const clock_gettime: LoadedLibc['libc']['clock_gettime'] = (clock, at) => {
    const until = now() + 0.2;
    while (isSlow && now() < until);
    return real.libc.clock_gettime(clock, at);
  };
  const clock = new ArrivalClock({ ...real, libc: { ...real.libc, clock_gettime } }, now);
  const readAtMs = now();
  clock.look();
  expect(clock.isSure(readAtMs)).toBe(true);
  isSlow = true;
  clock.look();
  expect(clock.isSure(readAtMs)).toBe(false);
});
