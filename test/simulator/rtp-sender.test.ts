import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markerFrame, readMarkerFrame } from '../../src/simulator/marker-audio.ts';
import { FRAME_MS, MAX_CATCH_UP_MS, RtpSender } from '../../src/simulator/rtp-sender.ts';
import { RtpReceiver } from './rtp-receiver.ts';

let sender: RtpSender;
let socket: Socket;
let receiver: RtpReceiver;

beforeEach(async () => {
  sender = new RtpSender();
  socket = createSocket('udp4');
  receiver = await RtpReceiver.open();
});

afterEach(() => {
  sender.close();
  socket.close();
  receiver.close();
});

function stream(ssrc = 1, port = receiver.port) {
  return {
    socket,
    destination: { address: '127.0.0.1', port },
    payloadType: 0,
    ssrc,
    frame: (index: number): Uint8Array | undefined => markerFrame(ssrc, index),
  };
}

/** Keeps the event loop from turning, as a long computation would. */
function stall(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

test('frames leave in order, at 20 ms, and are counted', async () => {
  const sent: number[] = [];
  const handle = sender.add({
    ...stream(),
    firstSequence: 0xfffe,
    firstTimestamp: 0xffff_ffff,
    onSent: (index, sequence, sentAtMs) => {
      expect(sequence).toBe((0xfffe + index) & 0xffff);
      expect(Math.abs(sentAtMs - Date.now())).toBeLessThan(1000);
      sent.push(index);
    },
  });
  const startedAt = performance.now();
  await receiver.count(50);
  const elapsed = performance.now() - startedAt;
  handle.remove();
  expect(handle.sent).toBe(sent.length);
  expect(handle.frames).toBe(handle.sent);
  const packets = receiver.packets.slice(0, 50);
  expect(packets.map((one) => one.sequence)).toEqual(
    sent.slice(0, 50).map((i) => (i + 0xfffe) & 0xffff),
  );
  expect(packets.map((one) => one.timestamp)).toEqual(
    packets.map((_, i) => (0xffff_ffff + i * 160) % 2 ** 32),
  );
  expect(packets.map((one) => readMarkerFrame(one.payload)?.index)).toEqual(sent.slice(0, 50));
  expect(packets.map((one) => one.marker)).toEqual(packets.map((_, i) => i === 0));
  // 49 intervals; a busy machine may be late, but never early by more than a step.
  expect(elapsed).toBeGreaterThan(49 * FRAME_MS - FRAME_MS);
  expect(elapsed).toBeLessThan(49 * FRAME_MS + MAX_CATCH_UP_MS);
});

test('silent frames move the timestamp, not the sequence', async () => {
  sender.add({
    ...stream(),
    frame: (index) => (index >= 2 && index < 5 ? undefined : markerFrame(1, index)),
  });
  const packets = (await receiver.count(4)).slice(0, 4);
  expect(packets.map((one) => one.sequence)).toEqual([0, 1, 2, 3]);
  expect(packets.map((one) => one.timestamp)).toEqual([0, 160, 800, 960]);
  expect(packets.map((one) => one.marker)).toEqual([true, false, true, false]);
});

test('a short stall is made up for, so that no delay adds up', async () => {
  const startedAt = performance.now();
  sender.add(stream());
  await receiver.count(5);
  stall(200);
  await receiver.count(25);
  expect(performance.now() - startedAt).toBeLessThan(25 * FRAME_MS + 150);
});

test('after a long stall the burst is bounded', async () => {
  const handle = sender.add(stream());
  await receiver.count(1);
  const before = handle.frames;
  stall(MAX_CATCH_UP_MS * 3);
  await receiver.count(before + 2);
  expect(handle.frames - before).toBeLessThanOrEqual(MAX_CATCH_UP_MS / FRAME_MS + 3);
});

test('many streams share the timer and the socket; each has its own count', async () => {
  const handles = Array.from({ length: 20 }, (_, i) => sender.add(stream(i + 1)));
  expect(sender.streamCount).toBe(20);
  await receiver.count(200);
  sender.close();
  expect(sender.streamCount).toBe(0);
  const total = handles.reduce((sum, handle) => sum + handle.sent, 0);
  await receiver.count(total);
  for (const [i, handle] of handles.entries()) {
    const own = receiver.packets.filter((one) => one.ssrc === i + 1);
    expect(own.map((one) => one.sequence)).toEqual(own.map((_, at) => at));
    expect(own.length).toBe(handle.sent);
  }
});

test('retargeted while it runs, and nothing after removal', async () => {
  const other = await RtpReceiver.open();
  const handle = sender.add(stream());
  await receiver.count(3);
  handle.retarget({ address: '127.0.0.1', port: other.port });
  await other.count(3);
  handle.remove();
  handle.remove();
  const { sent } = handle;
  // The same sender goes on for another stream: four frames of it later, the removed one is still.
  sender.add(stream(2, other.port));
  await other.count(sent - receiver.packets.length + 4);
  expect(handle.sent).toBe(sent);
  const own = [...receiver.packets, ...other.packets].filter((one) => one.ssrc === 1);
  expect(own.map((one) => one.sequence)).toEqual(own.map((_, i) => i));
  other.close();
});

test('streams may come and go from within a frame', async () => {
  const first = sender.add({
    ...stream(1),
    frame: (index) => {
      if (index < 2) return markerFrame(1, index);
      first.remove();
      sender.add(stream(2));
      return undefined;
    },
  });
  const packets = await receiver.count(6);
  expect(packets.slice(0, 6).map((one) => one.ssrc)).toEqual([1, 1, 2, 2, 2, 2]);
  expect(sender.streamCount).toBe(1);
});

test('a clock may stand still, fall back and leap, and numbers begin anew', async () => {
  const changes = new Map<number, () => void>([
    [2, () => (handle.standsStill = true)],
    [5, () => (handle.standsStill = false)],
    [6, () => handle.shiftClock({ timestamp: -1600 })],
    [8, () => handle.shiftClock({ timestamp: 8000, sequence: 100 })],
  ]);
  const handle = sender.add({
    ...stream(),
    firstTimestamp: 10_000,
    frame: (index) => {
      changes.get(index)?.();
      return markerFrame(1, index);
    },
  });
  const packets = (await receiver.count(10)).slice(0, 10);
  expect(packets.map((one) => one.timestamp - 10_000)).toEqual([
    0, 160, 320, 320, 320, 320, -1120, -960, 7200, 7360,
  ]);
  expect(packets.map((one) => one.sequence)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 108, 109]);
});

test('a frame has its time when it leaves, however long its packet is on its way', async () => {
  const left: number[] = [];
  const came: number[] = [];
  const handle = sender.add({
    ...stream(),
    onFrame: (index, { sentAtMs, dueAtMs }) => {
      expect(sentAtMs).toBeGreaterThanOrEqual(dueAtMs);
      left.push(sentAtMs);
      if (index === 2) handle.remove();
    },
    onSent: (_index, _sequence, sentAtMs) => came.push(sentAtMs),
    impair: (packet, send) => setTimeout(() => send(packet), 100),
  });
  // What is on its way comes, although its stream has gone.
  await receiver.count(3);
  expect(came.length).toBe(3);
  for (const [index, at] of came.entries()) expect(at - (left[index] ?? 0)).toBeGreaterThan(98);
});
