import { expect, test } from 'vitest';
import { createHush } from '../../client/src/hush.ts';
import { withoutRecording } from '../../client/src/without-recording.ts';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { TestCaller } from '../support/calls.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { HushProcess } from '../support/hush/hush-process.ts';
import { freePort, freeRtpPorts } from '../support/ports.ts';

test('a block that outlives a restart of Hush is not recorded', async () => {
  const dataDir = temporaryFolder();
  const rtpPorts = await freeRtpPorts();
  const ports = { httpPort: await freePort(), sipUdpPort: await freePort() };
  const first = await HushProcess.start({ dataDir, rtpPorts, ...ports });
  const caller = await TestCaller.open();
  const placed = await caller.call(first);
  await placed.frames(20);
  const call = createHush({ url: first.api }).call(placed.correlationId);
  const from = { index: 0, until: 0 };
  let second: HushProcess | undefined;
  const result = await withoutRecording(
    call,
    async ({ signal }) => {
      from.index = placed.streams[0]?.sent.length ?? 0;
      await first.end('SIGKILL');
      second = await HushProcess.start({ dataDir, rtpPorts, ...ports });
      await placed.frames(from.index + 60);
      from.until = placed.streams[0]?.sent.length ?? 0;
      return signal.aborted;
    },
    { ttlMs: 20_000 },
  );
  expect(result).toEqual({ ok: true, value: false, protectedThroughout: true, released: true });
  await placed.frames(from.until + 40);
  await placed.call.end();
  const id = async (): Promise<string | undefined> => {
    const response = await fetch(`${first.api}/api/recordings?status=kept`);
    return ((await response.json()) as { items: { id: string }[] }).items[0]?.id;
  };
  await expect.poll(id, { timeout: 10_000 }).toBeDefined();
  const wav = await fetch(`${first.api}/api/recordings/${await id()}/audio`);
  const [tag] = placed.streams.map((stream) => stream.tag);
  const heard = markersInWav(Buffer.from(await wav.arrayBuffer()));
  const frames = heard.flatMap((byTag) => [...(byTag.get(tag ?? 0)?.keys() ?? [])]);
  const during = frames.filter((index) => index >= from.index + 2 && index < from.until - 2);
  expect(during).toEqual([]);
  expect(frames.some((index) => index < from.index)).toBe(true);
  expect(frames.some((index) => index > from.until + 5)).toBe(true);
  await second?.end('SIGTERM');
  await caller.close();
});
