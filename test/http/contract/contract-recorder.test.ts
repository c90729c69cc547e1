import { createSocket } from 'node:dgram';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { parseOffer } from '../../../src/protocols/sdp/parse-offer.ts';
import { version } from '../../../src/version.ts';
import { ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, offerOf, stateText } from './contract-support.ts';

let bench: ContractBench;

beforeAll(async () => {
  bench = await ContractBench.open((config) => ({
    ...config,
    recording: { ...config.recording, diskProbeIntervalMs: 20 },
  }));
});
afterAll(() => bench.close());

async function healthBecomes(status: number): Promise<void> {
  while ((await bench.get('/api/health')).status !== status);
}

test('condition 7 holds while the recorder is unreachable, and then no longer', async () => {
  const placed = await bench.caller.call(bench.hush);
  const { correlationId: id } = placed;
  const recordings = join(bench.hush.dataDir, 'recordings');
  await placed.frames(5);
  await bench.set({ Action: 'Pause', CorrelationId: id });
  renameSync(recordings, `${recordings}-elsewhere`);
  writeFileSync(recordings, 'no folder');
  await bench.set({ Action: 'Start', CorrelationId: id });
  await healthBecomes(503);

  const health = await bench.get('/api/health/details');
  expect(health.text).toBe(
    `{"status":"degraded","version":"${version}","recorder":"unavailable","store":"available","callsInProgress":1}`,
  );
  const unavailable = 'Recorder was not available, command could not be executed';
  const expected = errorText(id, [1, unavailable]);
  expect((await bench.state(ucc, id)).text).toBe(expected);
  for (const Action of ['Start', 'Pause', 'Stop', 'Mark', 'Save']) {
    expect((await bench.set({ Action, CorrelationId: id })).text, Action).toBe(expected);
  }

  rmSync(recordings);
  renameSync(`${recordings}-elsewhere`, recordings);
  await healthBecomes(200);
  expect((await bench.state(ucc, id)).text).toBe(stateText(id, [2, 0, 0]));
  const start = await bench.set({ Action: 'Start', CorrelationId: id });
  expect(start.text).toBe(stateText(id, [1, 0, 0]));
  await placed.call.end();
});

test('media that starts later than the call is kept from its first packet', async () => {
  const { correlationId, dialog } = await bench.callWithoutMedia();
  const answer = await dialog.invite(offerOf([30_010, 30_012], 2));
  const ports = parseOffer(answer.body.toString()).media.map(({ port }) => port);
  const socket = createSocket('udp4');
  for (const [index, port] of ports.entries()) {
    for (let packet = 0; packet < 10; packet += 1) {
      const fields = { payloadType: 0, sequence: packet, timestamp: packet * 160, ssrc: 7 + index };
      const rtp = buildRtp({ ...fields, marker: packet === 0 }, Buffer.alloc(160, 0x55));
      await new Promise((resolve) => socket.send(rtp, port, '127.0.0.1', resolve));
    }
  }
  socket.close();
  await dialog.bye();
  const { callId, type } = await bench.hush.settled(correlationId);
  expect(type).toBe('recordingSaved');
  const recording = await bench.hush.get(`/api/recordings/${callId}`);
  expect(recording.lengthMs).toBeGreaterThanOrEqual(200);
  for (const { packets, gaps } of recording.tracks) {
    expect(packets).toMatchObject({ kept: 10, gated: 0 });
    expect(gaps).toEqual([]);
  }
});
