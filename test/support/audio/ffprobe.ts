import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../hush/hush.ts';
import { runProgram } from '../programs.ts';

/** ffprobe's report on a file's only stream. */
export interface Probe {
  readonly format: string;
  readonly codec: string;
  readonly channels: number;
  readonly sampleRate: number;
  readonly durationMs: number;
}

export async function ffprobe(file: Buffer): Promise<Probe> {
  const shown = (await show(file)) as {
    streams: { codec_name: string; channels: number; sample_rate: string; duration: string }[];
    format: { format_name: string };
  };
  const [stream] = shown.streams;
  if (!stream || shown.streams.length !== 1) throw new Error('not one stream');
  return {
    format: shown.format.format_name,
    codec: stream.codec_name,
    channels: stream.channels,
    sampleRate: Number(stream.sample_rate),
    durationMs: Number(stream.duration) * 1000,
  };
}

/** Probes a file: ffprobe tells no duration of a pipe, whose end it cannot see. */
async function show(file: Buffer): Promise<unknown> {
  const folder = temporaryFolder();
  const path = join(folder, 'audio.wav');
  writeFileSync(path, file);
  try {
    const args = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', path];
    return JSON.parse((await runProgram('ffprobe', args)).toString());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the samples as ffmpeg decodes them: 16 bits, channels interleaved. */
export function ffmpegSamples(file: Buffer): Promise<Buffer> {
  return runProgram('ffmpeg', ['-v', 'error', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], file);
}
