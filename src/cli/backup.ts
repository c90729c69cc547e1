import type { Command } from 'commander';
import type { BackupManifest } from '../backup.ts';
import { print, printJson } from './output.ts';
import { exitCodes } from './remote.ts';
import { type ConfigOptions, configured, storeConfig } from './store-config.ts';

interface BackupOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly withKeys?: boolean;
}

/** `hush backup DIR` and `hush restore DIR`. */
export function backupCommands(program: Command): void {
  configured(program.command('backup'))
    .argument('<folder>', 'is made, or is empty')
    .description('copy the data folder, while calls go on or not')
    .option('--with-keys', 'also master.key and issuer-keys.json: who has them can listen')
    .action(backup);
  configured(program.command('restore'))
    .argument('<folder>', 'of a backup')
    .description('put a backup into a data folder that holds no store')
    .action(restored);
}

async function backup(
  folder: string,
  { withKeys = false, ...options }: BackupOptions,
): Promise<void> {
  const { backUp } = await import('../backup.ts');
  const config = await storeConfig(options, { mayMake: false });
  show(await backUp(config, folder, { withKeys }), options);
}

async function restored(folder: string, options: BackupOptions): Promise<void> {
  const { restore } = await import('../backup.ts');
  show(await restore(await storeConfig(options, { mayMake: true }), folder), options);
}

function show(manifest: BackupManifest, options: BackupOptions): void {
  const { files, bytes, inBucket, missing, keyIds, withKeys } = manifest;
  if (options.json) printJson(manifest);
  else {
    const row = {
      ...{ files: String(files), bytes: String(bytes), 'in the bucket': String(inBucket) },
      ...{ missing: String(missing.length), 'master key': keyIds.join(' ') },
    };
    print([row], options);
    if (!withKeys) {
      process.stdout.write('The master key is not in it: keep it where nobody has both.\n');
    }
  }
  if (missing.length > 0) process.exitCode = exitCodes.found;
}
