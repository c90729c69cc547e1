import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Result } from '../../client/src/result.ts';
import { print, printJson, progress, progressEnd } from './output.ts';
import { answered, connect, exitCodes, type RemoteOptions, remote, wholeNumber } from './remote.ts';

interface CheckOptions extends RemoteOptions {
  readonly deep?: boolean;
  readonly remove?: boolean;
}

interface RetentionOptions extends RemoteOptions {
  readonly confirm?: string;
}

const LOOK_INTERVAL_MS = 250;

/** `hush archive check|rotate-key|retention`: long work, looked at until it is done. */
export function archiveCommand(program: Command): void {
  const archive = program.command('archive').description('what lies on disk and in the bucket');
  remote(archive.command('check'))
    .description('compare what there is with what there are keys for')
    .option('--deep', 'open every chunk of every recording: its seal is its checksum')
    .option('--remove', 'remove what no key opens')
    .action(check);
  remote(archive.command('rotate-key'))
    .description('a new master key, while calls go on')
    .action(rotate);
  remote(archive.command('retention'))
    .description('what retention would destroy, and leaves until somebody confirms it')
    .option('--confirm <recordings>', 'destroy them: as many as are held')
    .action(retention);
}

async function check({ deep = false, remove = false, ...options }: CheckOptions): Promise<void> {
  const { archive } = connect(options);
  await answered(archive.startCheck({ deep, remove }));
  const { progress: report } = await done(
    () => archive.check(),
    ({ files, segments }) => `${files} files, ${segments} segments`,
  );
  const { findings, ...counts } = report;
  if (options.json) printJson(report);
  else {
    print(
      findings.map((finding) => ({ ...finding })),
      options,
    );
    const texts = Object.entries(counts).map(([name, count]) => [name, String(count)]);
    print([Object.fromEntries(texts) as Record<string, string>], options);
  }
  if (counts.orphans + counts.missing + counts.damaged > 0) process.exitCode = exitCodes.found;
}

async function rotate(options: RemoteOptions): Promise<void> {
  const { archive } = connect(options);
  await answered(archive.startKeyRotation());
  const { progress: rotation } = await done(
    () => archive.keyRotation(),
    ({ looked, rewrapped }) => `${looked} keys looked at, ${rewrapped} wrapped anew`,
  );
  if (options.json) printJson(rotation);
  else {
    const { keyId: key, rewrapped, unopened } = rotation;
    print([{ key, rewrapped: String(rewrapped), unopened: String(unopened) }], options);
  }
}

async function retention({ confirm, ...options }: RetentionOptions): Promise<void> {
  const { archive } = connect(options);
  if (confirm !== undefined) {
    const recordings = wholeNumber('--confirm', confirm);
    await answered(archive.confirmRetention({ recordings }));
    if (options.json) printJson({ confirmed: recordings });
    else process.stdout.write(`${recordings} recordings are being destroyed\n`);
    return;
  }
  const { held } = await answered(archive.retention());
  if (options.json) printJson({ held });
  else if (!held) process.stdout.write('nothing is held\n');
  else {
    process.stdout.write(`${held.detail}\n`);
    const rows = held.uccs.map(({ uccName, recordings, beganBefore }) => ({
      ...{ ucc: uccName, recordings: String(recordings), 'began before': beganBefore },
    }));
    print(rows, options);
    process.stdout.write(`hush archive retention --confirm ${held.recordings} destroys them\n`);
  }
  if (held) process.exitCode = exitCodes.found;
}

interface Work<Progress> {
  readonly state: string;
  readonly failure: string | null;
  readonly progress: Progress;
}

async function done<Progress>(
  look: () => Promise<Result<Work<Progress>>>,
  say: (progress: Progress) => string,
): Promise<Work<Progress>> {
  for (;;) {
    const work = await answered(look());
    if (work.state === 'failed') throw new Error(work.failure ?? 'it failed');
    if (work.state === 'done') {
      progressEnd();
      return work;
    }
    progress(say(work.progress));
    await delay(LOOK_INTERVAL_MS);
  }
}
