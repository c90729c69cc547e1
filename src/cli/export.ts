import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { AudioFormat } from '../../client/src/recordings.ts';
import { ConfigError } from '../config/config-error.ts';
import { print, printJson, progress, progressEnd } from './output.ts';
import { answered, connect, type RemoteOptions, remote } from './remote.ts';

interface ExportOptions extends RemoteOptions {
  readonly format: string;
  readonly output?: string;
  readonly sidecar: boolean;
}

/** Of what leaves the archive in the clear. */
const OWNER_ONLY = 0o600;

const endings: Record<AudioFormat, string> = {
  ...{ wav: 'wav', opus: 'opus', flac: 'flac', vcon: 'vcon.json' },
};

/** `hush export ID`: the audio as a file, and beside it what audio cannot say. */
export function exportCommand(program: Command): void {
  remote(program.command('export').argument('<id>', 'of the recording, or correlation id'))
    .description('write a recording to a file, and its sidecar beside it')
    .option('--format <format>', 'wav, opus, flac or vcon', 'wav')
    .option('-o, --output <file>', 'else ID.wav and so on, in this folder')
    .option('--no-sidecar', 'without the JSON file of parties, gaps and marks')
    .action(run);
}

async function run(id: string, options: ExportOptions): Promise<void> {
  const { format } = options;
  if (!isFormat(format)) throw new ConfigError(`--format wants ${Object.keys(endings).join(', ')}`);
  const { recordings } = connect(options);
  const sidecar = await answered(recordings.sidecar(id));
  const file = options.output ?? `${sidecar.recordingId}.${endings[format]}`;
  const response = await answered(recordings.audio(id, { format }));
  const bytes = await save(response, file);
  const files = [{ file, bytes: String(bytes) }];
  if (options.sidecar && format !== 'vcon') {
    const text = `${JSON.stringify(sidecar, null, 2)}\n`;
    await writeFile(`${file}.json`, text, { mode: OWNER_ONLY });
    files.push({ file: `${file}.json`, bytes: String(Buffer.byteLength(text)) });
  }
  if (options.json) printJson(files.map((one) => ({ ...one, bytes: Number(one.bytes) })));
  else print(files, options);
}

function isFormat(text: string): text is AudioFormat {
  return text in endings;
}

/** What is there under its name is whole. */
async function save(response: Response, file: string): Promise<number> {
  const partial = `${file}.partial`;
  const output = createWriteStream(partial, { mode: OWNER_ONLY });
  const total = Number(response.headers.get('Content-Length') ?? 0);
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (!output.write(piece)) await once(output, 'drain');
      progress(total > 0 ? `${Math.floor((bytes / total) * 100)} %` : `${bytes} bytes`);
    }
    output.end();
    await once(output, 'close');
    await rename(partial, file);
    return bytes;
  } catch (cause) {
    output.destroy();
    rmSync(partial, { force: true });
    throw cause;
  } finally {
    progressEnd();
  }
}
