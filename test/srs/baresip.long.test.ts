import { readFileSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { ffmpegSamples, ffprobe } from '../support/audio/ffprobe.ts';
import { toneShare } from '../support/audio/tone.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';
import { runProgram } from '../support/programs.ts';
import { address, type BaresipCall, callSeconds, type Heard, toneHz } from './baresip/plan.ts';

const network = [
  'ip link add call0 type veth peer name call1',
  `ip addr add ${address}/24 dev call0`,
  ...['call0', 'call1', 'lo'].map((name) => `ip link set ${name} up`),
  'exec "$@"',
].join(' && ');

const calls: readonly BaresipCall[] = [
  { codec: 'PCMU/8000/1', encryption: 'srtp-mand', transport: 'tls' },
  { codec: 'G722/16000/1', encryption: 'srtp-mand', transport: 'tls' },
  { codec: 'opus/48000/2', encryption: 'srtp-mand', transport: 'tls' },
];
const expected = [
  { codec: 'PCMU', sampleRate: 8000 },
  { codec: 'G722', sampleRate: 16_000 },
  { codec: 'OPUS', sampleRate: 48_000 },
];

describe('baresip calls by SRTP, signalled over TLS', () => {
  const folder = temporaryFolder();
  let heard: Heard[] = [];

  beforeAll(async () => {
    const node = [
      process.execPath,
      '--no-warnings',
      new URL('baresip/calls.ts', import.meta.url).pathname,
    ];
    const output = await runProgram('unshare', [
      ...['--user', '--map-root-user', '--net', 'sh', '-c', network, '--'],
      ...[...node, folder, JSON.stringify(calls)],
    ]);
    heard = output
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Heard);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  longTest.each(expected.map((one, at) => ({ ...one, at })))(
    '$codec',
    async ({ at, codec, sampleRate }) => {
      const call = heard[at] as Heard;
      expect(call.codec).toBe(codec);
      expect(call.packets).toMatchObject({ unauthenticated: 0, unusable: 0, lost: 0 });
      expect(call.packets.kept).toBeGreaterThan((callSeconds - 1) * 50);
      const probe = await ffprobe(readFileSync(call.file));
      expect(probe).toMatchObject({ codec: 'pcm_s16le', channels: 2, sampleRate });
      expect(Math.abs(probe.durationMs - call.lengthMs)).toBeLessThan(2);
      const samples = await ffmpegSamples(readFileSync(call.file));
      expect(toneShare(samples, { hertz: toneHz, sampleRate })).toBeGreaterThan(0.95);
    },
  );
});
