import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { threadOffsetMs } from '../../../src/recorder/clock/clock-origin.ts';
import type { MediaAddress } from '../../../src/recorder/intake/source-latch.ts';
import { DescriptorTable } from '../../../src/recorder/receiver/descriptor-table.ts';
import { DgramReceiver } from '../../../src/recorder/receiver/dgram-receiver.ts';
import { FfiReceiver } from '../../../src/recorder/receiver/ffi-receiver.ts';
import type {
  MediaReceiver,
  MediaSocket,
  ReceiverOptions,
} from '../../../src/recorder/receiver/media-receiver.ts';
import { proveReceiver } from '../../../src/recorder/receiver/receiver-proof.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const now = () => performance.now() + threadOffsetMs;
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.family === 'IPv6');
const descriptors = new DescriptorTable(64);

interface Received {
  readonly text: string;
  readonly from: MediaAddress;
  readonly cameAtMs: number;
}

const opened: MediaSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

function options(host: string): ReceiverOptions {
  return { host, now, onRead: () => undefined };
}

const receivers = {
  ffi: (host: string): MediaReceiver => new FfiReceiver(options(host), descriptors),
  dgram: (host: string): MediaReceiver => new DgramReceiver(options(host)),
} as const;

function open(receiver: MediaReceiver, received: Received[]): MediaSocket {
  const socket = receiver.open('media', (datagram, from, cameAtMs) =>
    received.push({ text: datagram.toString('latin1'), from, cameAtMs }),
  );
  opened.push(socket);
  return socket;
}

/** Binds a port that nobody has, and returns it. */
async function bound(socket: MediaSocket): Promise<number> {
  const { portMin } = await freeRtpPorts();
  await new Promise<void>((resolve, reject) => {
    socket.bind(portMin, (error) => (error ? reject(error) : resolve()));
  });
  return portMin;
}

function arrived(socket: MediaSocket): Promise<void> {
  return new Promise((resolve) => socket.afterArrived(resolve));
}

/** Sends by Node's own socket, and resolves when the system has taken all of it. */
async function send(texts: readonly string[], to: MediaAddress): Promise<number> {
  const socket = createSocket(to.address.includes(':') ? 'udp6' : 'udp4');
  for (const text of texts) {
    await new Promise<void>((resolve, reject) => {
      socket.send(Buffer.from(text, 'latin1'), to.port, to.address, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return port;
}

const hosts = hasIPv6 ? ['127.0.0.1', '::1', '0.0.0.0', '::'] : ['127.0.0.1', '0.0.0.0'];
const loopback: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

describe.each(Object.entries(receivers))('the receiver %s', (kind, create) => {
  it.each(hosts)(
    'gives each datagram once, whole, in order, with its sender, at %s',
    async (host) => {
      const received: Received[] = [];
      const socket = open(create(host), received);
      const port = await bound(socket);
      const address = loopback[host] ?? host;
      const texts = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(index % 23));
      const from = await send(texts, { address, port });
      await arrived(socket);
      expect(received.map(({ text }) => text)).toEqual(texts);
      expect(new Set(received.map((one) => `${one.from.address} ${one.from.port}`))).toEqual(
        new Set([`${address} ${from}`]),
      );
    },
  );

  it.runIf(hasIPv6)('hears IPv4 at every address of IPv6', async () => {
    const received: Received[] = [];
    const socket = open(create('::'), received);
    const port = await bound(socket);
    await send(['x'], { address: '127.0.0.1', port });
    await arrived(socket);
    expect(received.map(({ from }) => from.address)).toEqual(['::ffff:127.0.0.1']);
  });

  it('tells senders apart that change from datagram to datagram', async () => {
    const received: Received[] = [];
    const socket = open(create('127.0.0.1'), received);
    const port = await bound(socket);
    const ports: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      ports.push(await send(['x', 'y'], { address: '127.0.0.1', port }));
    }
    await arrived(socket);
    expect(received.map(({ from }) => from.port)).toEqual(ports.flatMap((one) => [one, one]));
  });

  it('refuses a port that is taken, and gives it back when it is closed', async () => {
    const first = open(create('127.0.0.1'), []);
    const port = await bound(first);
    const tried = (socket: MediaSocket) =>
      new Promise<string | undefined>((resolve) => {
        socket.bind(port, (error) => resolve(error?.code));
      });
    expect(await tried(create('127.0.0.1').open('media', () => undefined))).toBe('EADDRINUSE');
    first.close();
    await expect.poll(() => tried(open(create('127.0.0.1'), []))).toBeUndefined();
  });

  it('sends from its own port, and shrugs at what cannot be sent', async () => {
    const receiver = create('127.0.0.1');
    const received: Received[] = [];
    const [one, other] = [open(receiver, []), open(receiver, received)];
    const from = await bound(one);
    const to = await bound(other);
    for (const address of ['no address', '::1', '127.0.0.1%x', '::1%'.repeat(40)]) {
      one.send(Buffer.from('x'), { address, port: to });
    }
    // Nobody listens there: the system's complaint is nobody's.
    one.send(Buffer.from('x'), { address: '127.0.0.1', port: 9 });
    one.send(Buffer.from('y'), { address: '127.0.0.1', port: to });
    await expect.poll(() => received.length).toBe(1);
    expect(received).toMatchObject([{ text: 'y', from: { address: '127.0.0.1', port: from } }]);
  });

  it('gives what has arrived before it calls back, in the order of asking', async () => {
    const order: string[] = [];
    const socket = create('127.0.0.1').open('media', (datagram) => order.push(`${datagram}`));
    opened.push(socket);
    const port = await bound(socket);
    const to = { address: '127.0.0.1', port };
    await send(['a', 'b'], to);
    const first = arrived(socket).then(() => order.push('|'));
    const second = arrived(socket).then(() => order.push('||'));
    await Promise.all([first, second]);
    await send(['c'], to);
    await arrived(socket);
    expect(order).toEqual(['a', 'b', '|', '||', 'c']);
  });

  it('takes a datagram of any length, and none for another', async () => {
    const received: Received[] = [];
    const socket = open(create('127.0.0.1'), received);
    const port = await bound(socket);
    const texts = [0, 1, 4_095, 4_096, 4_097, 65_507, 7].map((length) => 'x'.repeat(length));
    await send(texts, { address: '127.0.0.1', port });
    await arrived(socket);
    const lengths = received.map(({ text }) => Math.min(4_096, text.length));
    expect(lengths).toEqual([0, 1, 4_095, 4_096, 4_096, 4_096, 7]);
  });

  it('knows when a datagram came, or since when it may have', async () => {
    const receiver = create('127.0.0.1');
    const earliest: number[] = [];
    const latest: number[] = [];
    const socket = receiver.open('media', (_datagram, _from, cameAtMs) => {
      earliest.push(receiver.cameAfterMs(cameAtMs));
      latest.push(cameAtMs);
    });
    opened.push(socket);
    const port = await bound(socket);
    await send(['x'], { address: '127.0.0.1', port });
    const sentAtMs = now();
    // The thread stands still, and finds the datagram late.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await arrived(socket);
    expect(earliest[0]).toBeLessThan(sentAtMs + 20);
    if (kind === 'ffi') expect(latest[0]).toBeLessThan(sentAtMs + 20);
  });
});

describe('the receiver ffi', () => {
  it.each(hosts.filter((host) => host.includes('1')))('proves itself at %s', (host) => {
    proveReceiver(receivers.ffi(host), host, now);
  });

  it('is not taken for working when it reads something else', () => {
    const receiver = receivers.ffi('127.0.0.1');
    const lying: MediaReceiver = {
      cameAfterMs: (cameAtMs) => cameAtMs,
      open: (traffic, onDatagram) =>
        receiver.open(traffic, (datagram, from, cameAtMs) =>
          onDatagram(datagram, from, cameAtMs - 2_000),
        ),
    };
    expect(() => proveReceiver(lying, '127.0.0.1', now)).toThrow('times of arrival');
  });

  it('calls back though datagrams come faster than they are read', async () => {
    let count = 0;
    const receiver = receivers.ffi('127.0.0.1');
    const socket: MediaSocket = receiver.open('media', () => {
      count += 1;
      // Two more for each that is read.
      for (const text of ['x', 'y']) socket.send(Buffer.from(text), to);
    });
    opened.push(socket);
    const to = { address: '127.0.0.1', port: await bound(socket) };
    socket.send(Buffer.from('x'), to);
    const before = count;
    await arrived(socket);
    expect(count - before).toBeLessThan(10_000);
    socket.close();
  });

  it('counts what the system dropped because the queue was full', async () => {
    const received: Received[] = [];
    const socket = open(receivers.ffi('127.0.0.1'), received);
    const to = { address: '127.0.0.1', port: await bound(socket) };
    const sent = 2_000;
    for (let index = 0; index < sent; index += 1) socket.send(Buffer.alloc(172), to);
    await arrived(socket);
    // The system tells it with the next datagram that finds room.
    socket.send(Buffer.from('x'), to);
    await arrived(socket);
    expect(socket.overflowed).toBeGreaterThan(0);
    expect(received.length - 1 + socket.overflowed).toBe(sent);
  });
});

it.each(['ffi', 'dgram'] as const)(
  'sends nothing to port 0, and does not mind (%s)',
  async (kind) => {
    const socket = open(receivers[kind]('127.0.0.1'), []);
    await bound(socket);
    expect(() => socket.send(Buffer.from('x'), { address: '127.0.0.1', port: 0 })).not.toThrow();
  },
);
