import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  MAX_WAV_DATA_BYTES,
  WAV_HEADER_BYTES,
  wavHeader,
} from '../../../src/protocols/wav/wav-header.ts';

const hasFfprobe = spawnSync('ffprobe', ['-version']).status === 0;

test('the header counts the samples that follow', () => {
  const header = wavHeader({ sampleRate: 8000, channels: 2, frames: 100 });
  expect(header.length).toBe(WAV_HEADER_BYTES);
  expect(header.readUInt32LE(4)).toBe(36 + 400);
  expect(header.readUInt32LE(28)).toBe(32_000);
  expect(header.readUInt32LE(40)).toBe(400);
});

test('a file beyond 4 GiB is refused', () => {
  const frames = Math.floor(MAX_WAV_DATA_BYTES / 2);
  expect(wavHeader({ sampleRate: 8000, channels: 1, frames }).length).toBe(WAV_HEADER_BYTES);
  expect(() => wavHeader({ sampleRate: 8000, channels: 1, frames: frames + 1 })).toThrow(
    RangeError,
  );
});

test.runIf(hasFfprobe)('ffprobe reads the written file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hush-wav-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.wav');
  const header = wavHeader({ sampleRate: 8000, channels: 2, frames: 4000 });
  writeFileSync(file, Buffer.concat([header, Buffer.alloc(16_000)]));
  const entries = 'stream=codec_name,sample_rate,channels,duration';
  const probe = spawnSync('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'csv', file]);
  expect(String(probe.stdout).trim()).toBe('stream,pcm_s16le,8000,2,0.500000');
});
