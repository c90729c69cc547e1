import { randomBytes, randomInt } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { DescriptorTable } from '../../../src/recorder/receiver/descriptor-table.ts';
import { FfiReceiver } from '../../../src/recorder/receiver/ffi-receiver.ts';
import {
  type LoadedLibc,
  loadLibc,
  type PinnedMemory,
} from '../../../src/recorder/receiver/libc.ts';
import type { MediaSocket } from '../../../src/recorder/receiver/media-receiver.ts';
import { BATCH, MessageBatch } from '../../../src/recorder/receiver/message-batch.ts';
import { isLong } from '../../support/length.ts';
import { freeRtpPorts } from '../../support/ports.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as (kind: { type: 'minor' | 'major' }) => void;
/** A collection of everything takes long where other tests have left much. */
const ROUNDS_PER_MAJOR = 10;
const SOCKETS = 40;
const ROUNDS = isLong ? 200 : 20;
const LIVES = 2;

describe('memory that the system writes to', () => {
  it('stays where it is, whatever is collected around it', async () => {
    const options = { host: '127.0.0.1', now: () => performance.now(), onRead: () => undefined };
    const { portMin } = await freeRtpPorts(2 * SOCKETS);
    let garbage: Buffer[] = [];
    for (let lives = 0; lives < LIVES; lives += 1) {
      const receiver = new FfiReceiver(options, new DescriptorTable(SOCKETS));
      const received = new Map<number, string[]>();
      const sockets: MediaSocket[] = [];
      for (let index = 0; index < SOCKETS; index += 1) {
        const texts: string[] = [];
        received.set(index, texts);
        const socket = receiver.open('media', (datagram) => texts.push(datagram.toString('hex')));
        socket.bind(portMin + 2 * index, (error) => expect(error).toBeUndefined());
        sockets.push(socket);
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        const sent = sockets.map(() => randomBytes(randomInt(1, 1_500)));
        for (const [index, datagram] of sent.entries()) {
          const to = { address: '127.0.0.1', port: portMin + 2 * index };
          sockets[(index + 1) % SOCKETS]?.send(datagram, to);
        }
        garbage = Array.from({ length: 50 }, () => Buffer.alloc(randomInt(1, 20_000), 0xaa));
        collectGarbage({ type: round % ROUNDS_PER_MAJOR === 0 ? 'major' : 'minor' });
        for (const socket of sockets) socket.afterArrived(() => undefined);
        for (const [index, datagram] of sent.entries()) {
          expect(received.get(index)?.splice(0)).toEqual([datagram.toString('hex')]);
        }
        // What was written beside the batch would show in somebody else's memory.
        const isWhole = garbage.every((buffer) => buffer.every((byte) => byte === 0xaa));
        expect(isWhole).toBe(true);
      }
      for (const socket of sockets) socket.close();
    }
  });

  it('is read within its bounds, whatever the system should write there', () => {
    const { pin } = loadLibc();
    const pinned: PinnedMemory[] = [];
    const noting: Pick<LoadedLibc, 'pin'> = {
      pin: (size) => {
        const memory = pin(size);
        pinned.push(memory);
        return memory;
      },
    };
    const batch = new MessageBatch(noting);
    const [headers, , names, controls] = pinned as [
      PinnedMemory,
      PinnedMemory,
      PinnedMemory,
      PinnedMemory,
    ];
    for (let round = 0; round < ROUNDS * 100; round += 1) {
      const place = randomInt(BATCH);
      randomBytes(controls.bytes.length).copy(controls.bytes);
      randomBytes(names.bytes.length).copy(names.bytes);
      // Some are nearly right.
      if (round % 2 === 0) {
        controls.bytes.writeBigUInt64LE(BigInt(randomInt(0, 70)), place * 64);
        controls.bytes.writeUInt32LE(1, place * 64 + 8);
        controls.bytes.writeUInt32LE(randomInt(34, 42), place * 64 + 12);
      }
      headers.bytes.writeUInt32LE(randomInt(0, 4_097), place * 64 + 56);
      headers.bytes.writeUInt32LE(randomInt(0, 65), place * 64 + 40);
      const datagram = batch.take(place);
      expect(datagram.length).toBe(headers.bytes.readUInt32LE(place * 64 + 56));
      expect(Number.isFinite(batch.cameAtMs)).toBe(true);
      expect(Number.isInteger(batch.overflowed)).toBe(true);
      // The place is given back whole.
      expect(headers.bytes.readUInt32LE(place * 64 + 40)).toBe(64);
    }
  });
});
