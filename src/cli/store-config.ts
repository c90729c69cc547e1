import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';

export interface ConfigOptions {
  readonly config?: string;
}

/** A command that reads the configuration itself, and needs no running Hush. */
export function configured(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the settings that hush serve reads')
    .option('--json', 'for scripts');
}

/**
 * The configuration of a command that works on the store. Without one it makes no store where it
 * happens to be typed.
 * @param mayMake whether it may be the first that writes to a data folder that was named
 * @throws ConfigError
 */
export async function storeConfig(
  { config: file }: ConfigOptions,
  { mayMake }: { readonly mayMake: boolean },
): Promise<Config> {
  const { loadConfig } = await import('../config/load.ts');
  const sources = { environment: process.env, ...(file === undefined ? {} : { file }) };
  const config = loadConfig(sources);
  const isNamed = file !== undefined || process.env.HUSH_DATA_DIR !== undefined;
  if ((mayMake && isNamed) || isThere(config)) return config;
  const { dataDir } = config;
  if (isNamed) {
    throw new ConfigError(
      `the data folder ${dataDir} holds no store`,
      'check dataDir, or start hush serve with this configuration first',
    );
  }
  throw new ConfigError(
    `no configuration is given, and the data folder ${dataDir} holds no store`,
    'name the file that hush serve reads (--config FILE), or the data folder (HUSH_DATA_DIR)',
  );
}

function isThere({ dataDir, store }: Config): boolean {
  return existsSync(store.kind === 'sqlite' ? join(dataDir, 'hush.sqlite') : dataDir);
}
