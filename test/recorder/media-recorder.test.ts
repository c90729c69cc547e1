import { randomBytes, randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecorderBusyError } from '../../src/domain/model/errors.ts';
import {
  buildSelfDatagram,
  SECRET_BYTES,
  selfSecret,
} from '../../src/recorder/receiver/self-datagram.ts';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { RecorderFixture, spec } from './recorder-fixture.ts';

const FRAME = 160;
const FRAME_MS = 20;
/** A media thread that a busy machine kept from reading in time leaves out more than it must. */
const mayBeLate = { retry: 2 };

describe('MediaRecorder', () => {
  let fixture: RecorderFixture;
  let callId = '';
  beforeEach(() => {
    fixture = new RecorderFixture();
    callId = randomUUID();
  });
  afterEach(() => fixture.close());

  async function frames(port: number, from: number, until: number, ssrc = 1): Promise<void> {
    for (let index = from; index < until; index += 1) {
      const fields = { sequence: index & 0xffff, timestamp: index * FRAME, ssrc };
      await fixture.rtp(port, fields, markerFrame(ssrc, index));
    }
  }

  async function summary() {
    const [closed] = await fixture.recorder.closeStreams(callId, [0]);
    if (!closed) throw new Error('no summary');
    return closed;
  }

  it('accounts for every datagram that reached the port', async () => {
    const [port = 0] = await fixture.begin(callId);
    await frames(port, 0, 50);
    await frames(port, 45, 50);
    const dtmf = Buffer.from([5, 0x8a, 3, 0x20]);
    await fixture.rtp(port, { payloadType: 101, sequence: 50 }, dtmf);
    await fixture.rtp(port, { payloadType: 8, sequence: 51 }, markerFrame(1, 51));
    await fixture.rtp(port, { sequence: 52 }, Buffer.alloc(0));
    await fixture.rtp(port, { sequence: 53 }, Buffer.alloc(4000));
    for (const junk of [Buffer.alloc(0), Buffer.from('x'), randomBytes(64).fill(0, 0, 1)]) {
      await fixture.send(port, junk);
    }
    expect((await summary()).packets).toEqual({
      ...{ received: 62, kept: 50, duplicate: 5, dtmf: 1, unusable: 6, gated: 0, erased: 0 },
      ...{ comfortNoise: 0, lost: 0, reordered: 0, unauthenticated: 0, foreign: 0 },
      overflowed: 0,
    });
    const audio = Buffer.concat([...(await fixture.stored(callId)).values()]);
    const sent = Array.from({ length: 50 }, (_, index) => markerFrame(1, index));
    expect(audio).toEqual(Buffer.concat(sent));
  });

  it.each([
    ['came in the pause', { paused: [10, 11, 12], after: [13, 14, 15], kept: [14, 15] }],
    ['was lost in the pause', { paused: [], after: [13, 14, 15], kept: [14, 15] }],
    ['was overtaken', { paused: [10, 11], after: [14, 13, 12, 15], kept: [15] }],
  ])('keeps no packet of Opus that may carry a copy of one that %s', mayBeLate, async (_, sent) => {
    const agreed = { ...spec.agreed, codec: 'OPUS', payloadType: 96 } as const;
    const [port = 0] = await fixture.begin(callId, [{ ...spec, clockRate: 48_000, agreed }]);
    const send = async (indexes: readonly number[]): Promise<void> => {
      for (const index of indexes) {
        const fields = { payloadType: 96, sequence: index, timestamp: index * 960 };
        if (index > 11) await delay(FRAME_MS);
        await fixture.rtp(port, fields, Uint8Array.of(8, index));
      }
    };
    const before = Array.from({ length: 10 }, (_unused, index) => index);
    await send(before);
    await fixture.recorder.shut(callId, { reason: 'api', lookbackMs: 0 });
    await send(sent.paused);
    await fixture.recorder.open(callId);
    await send(sent.after);
    const received = before.length + sent.paused.length + sent.after.length;
    const kept = [...before, ...sent.kept];
    const gated = received - kept.length;
    expect((await summary()).packets).toMatchObject({ received, kept: kept.length, gated });
    const stored = [...(await fixture.stored(callId)).values()].map((packet) => packet[1] ?? 0);
    expect(stored.sort((a, b) => a - b)).toEqual(kept);
  });

  it('ignores forged markers, and counts them', async () => {
    const [port = 0] = await fixture.begin(callId);
    await frames(port, 0, 10);
    const secret = selfSecret(randomBytes(SECRET_BYTES));
    for (let number = 0; number < 15; number += 1) {
      await fixture.send(port, buildSelfDatagram(secret, number));
    }
    await frames(port, 10, 20);
    const { packets } = await summary();
    expect(packets).toMatchObject({ received: 35, kept: 20, unusable: 15, gated: 0 });
    const closed = fixture.segments.filter(({ closedBy }) => closedBy !== null);
    expect(closed.map(({ segment, closedBy }) => [segment, closedBy])).toEqual([[0, 'end']]);
  });

  it('keeps a new source, with new SSRC, numbers and timestamps, after the old one', async () => {
    const [port = 0] = await fixture.begin(callId);
    await frames(port, 0, 10, 1);
    await frames(port, 5, 15, 2);
    const { packets } = await summary();
    expect(packets).toMatchObject({ received: 20, kept: 20, duplicate: 0 });
    const runs = await fixture.stored(callId);
    const second = Array.from({ length: 10 }, (_, index) => markerFrame(2, index + 5));
    expect([...runs.values()]).toContainEqual(Buffer.concat(second));
  });

  it('keeps a stream whose numbers and timestamps wrap in one piece', async () => {
    const [port = 0] = await fixture.begin(callId);
    for (let index = 0; index < 20; index += 1) {
      const fields = { sequence: 65_530 + index, timestamp: 2 ** 32 - 5 * FRAME + index * FRAME };
      await fixture.rtp(port, fields, markerFrame(1, index));
    }
    const { startPosition, endPosition } = await summary();
    expect((endPosition ?? 0) - (startPosition ?? 0)).toBe(20 * FRAME);
    // In one chunk or in two: a segment's first one is shorter, by chance.
    const runs = [...(await fixture.stored(callId))].sort(([a], [b]) => a - b);
    const ends = runs.map(([position, run]) => position + run.length);
    expect(runs.slice(1).map(([position]) => position)).toEqual(ends.slice(0, -1));
    expect((ends.at(-1) ?? 0) - (runs[0]?.[0] ?? 0)).toBe(20 * FRAME);
  });

  it('puts packets that came out of order back into their order', async () => {
    const [port = 0] = await fixture.begin(callId);
    for (const index of [0, 1, 3, 2, 5, 4, 6]) await frames(port, index, index + 1);
    await summary();
    const runs = await fixture.stored(callId);
    const audio = Buffer.alloc(7 * FRAME);
    const origin = Math.min(...runs.keys());
    for (const [position, bytes] of runs) bytes.copy(audio, position - origin);
    const inOrder = Array.from({ length: 7 }, (_, index) => markerFrame(1, index));
    expect(audio).toEqual(Buffer.concat(inOrder));
  });

  it('drops packets while a stream is held, before the first packet and later', async () => {
    const [port = 0] = await fixture.begin(callId, [{ ...spec, held: true }]);
    await frames(port, 0, 5);
    await fixture.recorder.hold(callId, [0], false);
    for (let index = 5; index < 10; index += 1) {
      await delay(FRAME_MS);
      await frames(port, index, index + 1);
    }
    await fixture.recorder.hold(callId, [0], true);
    await frames(port, 10, 15);
    const { packets, initialReason } = await summary();
    expect(initialReason).toBe('hold');
    expect(packets).toMatchObject({ kept: 5, gated: 10 });
    const audio = Buffer.concat([...(await fixture.stored(callId)).values()]);
    const kept = [5, 6, 7, 8, 9].map((index) => markerFrame(1, index));
    expect(audio).toEqual(Buffer.concat(kept));
  });

  it('opens streams on consecutive even ports and passes over ports that others hold', async () => {
    const [first = 0] = await fixture.begin(callId);
    const other = createSocket('udp4');
    other.bind(first + 2, '127.0.0.1');
    await once(other, 'listening');
    const specs = [1, 2].map((track) => ({ ...spec, track }));
    const ports = (await fixture.recorder.openStreams(callId, specs)).map(({ port }) => port);
    other.close();
    expect(ports).not.toContain(first + 2);
    expect((ports[0] ?? 0) % 2).toBe(0);
    expect(ports[1]).toBe((ports[0] ?? 0) + 2);
  });

  it('releases ports, and reports when none is left', async () => {
    const { recorder } = fixture;
    const free = recorder.freePortCount;
    await fixture.begin(callId);
    const many = Array.from({ length: free }, (_, track) => ({ ...spec, track: track + 1 }));
    await expect(recorder.openStreams(callId, many)).rejects.toThrow(RecorderBusyError);
    await recorder.closeStreams(callId, [0]);
    recorder.endCall(callId);
    expect([recorder.freePortCount, recorder.openStreamCount]).toEqual([free, 0]);
    await expect(recorder.shut(callId, { reason: 'api', lookbackMs: 0 })).rejects.toThrow(
      RangeError,
    );
  });
});
