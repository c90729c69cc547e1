import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { AudioFormat } from '../../../client/src/recordings.ts';
import { print, printJson, progress, progressEnd, requireNone } from '../output.ts';
import { answered, choice, connect, type RemoteOptions, remote } from '../remote.ts';

interface ExportOptions extends RemoteOptions {
  readonly format: AudioFormat;
  readonly out?: string;
  readonly force?: boolean;
  readonly sidecar: boolean;
}

/** Mode of exported files, which are not encrypted. */
const OWNER_ONLY = 0o600;

const endings: Record<AudioFormat, string> = {
  ...{ wav: 'wav', opus: 'opus', flac: 'flac', vcon: 'vcon.json' },
};

/** `hush recording export ID`: the audio as a file, and beside it what audio cannot say. */
export function exportCommand(recording: Command): void {
  remote(recording.command('export').argument('<id>', 'of the recording, or correlation id'))
    .description('write a recording to a file, and its sidecar beside it')
    .addOption(choice('--format <format>', 'of the file', Object.keys(endings)).default('wav'))
    .option('-o, --out <file>', 'else ID.wav and so on, in this folder')
    .option('--force', 'overwrite a file that is there already')
    .option('--no-sidecar', 'without the JSON file of parties, gaps and marks')
    .action(run);
}

async function run(id: string, options: ExportOptions): Promise<void> {
  const { format, force = false } = options;
  const hasSidecar = options.sidecar && format !== 'vcon';
  const { recordings } = connect(options);
  const sidecar = await answered(recordings.sidecar(id));
  const file = options.out ?? `${sidecar.recordingId}.${endings[format]}`;
  if (!force) requireNone(hasSidecar ? [file, `${file}.json`] : [file]);
  const response = await answered(recordings.audio(id, { format }));
  const bytes = await save(response, file);
  const files = [{ file, bytes: String(bytes) }];
  if (hasSidecar) {
    const text = `${JSON.stringify(sidecar, null, 2)}\n`;
    await writeFile(`${file}.json`, text, { mode: OWNER_ONLY });
    files.push({ file: `${file}.json`, bytes: String(Buffer.byteLength(text)) });
  }
  if (options.json) printJson(files.map((one) => ({ ...one, bytes: Number(one.bytes) })));
  else print(files, options);
}

/** A file under its final name is complete. */
async function save(response: Response, file: string): Promise<number> {
  const partial = `${file}.${process.pid}.partial`;
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
