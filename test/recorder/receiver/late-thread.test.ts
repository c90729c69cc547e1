import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { threadOffsetMs } from '../../../src/recorder/clock/clock-origin.ts';
import { DescriptorTable } from '../../../src/recorder/receiver/descriptor-table.ts';
import { FfiReceiver } from '../../../src/recorder/receiver/ffi-receiver.ts';
import type { MediaSocket } from '../../../src/recorder/receiver/media-receiver.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const host = '127.0.0.1';
const now = () => performance.now() + threadOffsetMs;
const descriptors = new DescriptorTable(16);
const opened: MediaSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

async function bound(socket: MediaSocket): Promise<number> {
  opened.push(socket);
  const { portMin } = await freeRtpPorts();
  await new Promise<void>((resolve) => socket.bind(portMin, () => resolve()));
  return portMin;
}

function send(port: number): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.send('x', port, host, () => socket.close(resolve));
  });
}

describe('the receiver of a thread that is late', () => {
  it('looks again where the thread stood still between its look and its reading', async () => {
    let stalledMs = 0;
    const order: string[] = [];
    const onRead = (): void => {
      order.push('look');
      stalledMs += 50;
    };
    const receiver = new FfiReceiver({ host, now: () => now() + stalledMs, onRead }, descriptors);
    const socket = receiver.open('control', () => order.push('datagram'));
    const port = await bound(socket);
    await send(port);
    await new Promise<void>((resolve) => socket.afterArrived(resolve));
    const read = order.indexOf('datagram');
    expect(order.slice(read - 2, read)).toEqual(['look', 'look']);
  });

  it('plans one turn at a time, however many sockets are opened when it is late', async () => {
    let [atMs, looks] = [0, 0];
    const receiver = new FfiReceiver(
      // Every turn is late, and ends before it has read all that is due.
      { host, now: () => (atMs += 50), onRead: () => (looks += 1) },
      descriptors,
    );
    for (let count = 0; count < 12; count += 1) {
      const socket = receiver.open('media', () => undefined);
      await bound(socket);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    looks = 0;
    let turns = 0;
    while (turns < 50) {
      turns += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(looks).toBeLessThanOrEqual(turns + 2);
  });
});
