import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { ffprobe } from '../support/audio/ffprobe.ts';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { few, sized } from '../support/length.ts';
import { programPath } from '../support/programs.ts';
import { twoStreamCapture } from './media/pcap.ts';

const CALLS = sized(10, 100);
const CALLS_PER_SECOND = 50;
const FRAMES = 150;
const FRAME_MS = 20;
const PROBED_EACH = 10;

interface Track {
  readonly label: string;
  readonly packets: { readonly received: number; readonly kept: number };
  readonly gaps: readonly unknown[];
}

describe('sipp as the Session Recording Client', () => {
  let hush: TestHush;
  let folder = '';
  beforeEach(async () => {
    hush = await TestHush.start();
    folder = temporaryFolder();
    play('two-streams.xml');
    writeFileSync(join(folder, 'two-streams.pcap'), twoStreamCapture(FRAMES));
  });
  afterEach(async () => {
    await hush.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function play(name: string): void {
    const scenario = fileURLToPath(new URL(`./sipp/${name}`, import.meta.url));
    copyFileSync(scenario, join(folder, 'scenario.xml'));
  }

  /**
   * Resolves when all calls were made and hung up; sipp plays captures through a raw socket, as
   * root.
   */
  async function runSipp(target: string, transport: 'u1' | 't1', calls = CALLS): Promise<void> {
    const load = ['-m', String(calls), '-l', String(calls), '-r', String(CALLS_PER_SECOND)];
    const local = ['-i', '127.0.0.1', '-mi', '127.0.0.1', '-t', transport, '-nostdin'];
    const errors = ['-trace_err', '-error_file', 'errors.log', '-timeout', '20s'];
    const args = ['-sf', 'scenario.xml', target, ...local, ...load, ...errors];
    const sipp = spawn(programPath('sipp'), args, { stdio: 'ignore', cwd: folder });
    const [code] = await once(sipp, 'exit');
    const log = join(folder, 'errors.log');
    if (code !== 0) {
      throw new Error(`sipp ended with ${code}: ${existsSync(log) ? readFileSync(log) : ''}`);
    }
  }

  it.each(few(['u1', 't1'] as const, 1))(
    `has ${CALLS} calls at once recorded whole, over %s`,
    // A machine that is busy as all of them begin reads their first packets late.
    { retry: 2 },
    async (transport) => {
      let mostAtOnce = 0;
      const watch = setInterval(async () => {
        const { items } = await hush.get('/api/calls');
        mostAtOnce = Math.max(mostAtOnce, items.length);
      }, 200);
      const port = transport === 'u1' ? hush.sipUdpPort : hush.sipTcpPort;
      await runSipp(`127.0.0.1:${port}`, transport).finally(() => clearInterval(watch));
      const saved = () => hush.events.filter(({ type }) => type === 'recordingSaved').length;
      await expect.poll(saved, { timeout: 5000 }).toBe(CALLS);
      expect(mostAtOnce).toBe(CALLS);
      const { items } = await hush.get('/api/recordings?limit=500');
      expect(items).toHaveLength(CALLS);
      for (const [index, { id, lengthMs }] of items.entries()) {
        const { tracks } = (await hush.get(`/api/recordings/${id}`)) as { tracks: Track[] };
        const counts = tracks.map(({ label, packets, gaps }) => {
          return [label, packets.received, packets.kept, gaps.length];
        });
        expect(counts).toEqual([
          ['96', FRAMES, FRAMES, 0],
          ['97', FRAMES, FRAMES, 0],
        ]);
        expect(Math.abs(lengthMs - FRAMES * FRAME_MS)).toBeLessThanOrEqual(FRAME_MS);
        if (index % PROBED_EACH === 0) await expectWhole(await hush.audio(id));
      }
    },
  );

  it.each(few(['u1', 't1'] as const, 1))(
    'asks for offers and answers in the ACK, over %s',
    async (by) => {
      play('late-offers.xml');
      const port = by === 'u1' ? hush.sipUdpPort : hush.sipTcpPort;
      let wasHeld = false;
      const watch = setInterval(async () => {
        const { items } = await hush.get('/api/calls');
        wasHeld ||= items[0]?.streams.every(({ held }: { held: boolean }) => held) ?? false;
      }, 50);
      await runSipp(`127.0.0.1:${port}`, by, 1).finally(() => clearInterval(watch));
      expect(wasHeld).toBe(true);
    },
  );

  async function expectWhole(wav: Buffer): Promise<void> {
    const { durationMs, channels } = await ffprobe(wav);
    expect(channels).toBe(2);
    expect(Math.abs(durationMs - FRAMES * FRAME_MS)).toBeLessThanOrEqual(FRAME_MS);
    const [left, right] = markersInWav(wav);
    expect([left?.get(1)?.size, right?.get(2)?.size]).toEqual([FRAMES, FRAMES]);
  }
});
