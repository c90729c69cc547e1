import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { createHush, type Hush } from '../../client/src/hush.ts';
import { type HushError, orThrow, type Result } from '../../client/src/result.ts';
import { ConfigError } from '../config/config-error.ts';
import { uccKey } from '../domain/model/ucc.ts';
import { keptLogin, renewedToken } from './kept-login.ts';
import type { OutputOptions } from './output.ts';

export interface RemoteOptions extends OutputOptions {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Exit codes of commands (docs/reference/cli.md). */
export const exitCodes = {
  /** It was refused, or did not work. */
  failed: 1,
  /** The arguments are invalid. */
  usage: 2,
  /** Hush could not be reached, or did not answer in time. */
  unreachable: 3,
  /** A token is missing, does not hold, or its role does not do. */
  denied: 4,
  /** There is no such call or recording. */
  unknown: 5,
  /** `hush archive check` has found something, or retention is held. */
  found: 6,
} as const;
export type ExitName = keyof typeof exitCodes;

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** A command that speaks to a running Hush. */
export function remote(command: Command): Command {
  return urlOption(command)
    .option('--token-file <file>', 'a bearer token; else HUSH_TOKEN, else of hush login')
    .option('--json', 'for scripts');
}

export function urlOption(command: Command): Command {
  return command.option('--url <url>', `of Hush; else HUSH_URL, else ${DEFAULT_URL}`);
}

/** As it was typed. */
export function typedUrl({ url }: Pick<RemoteOptions, 'url'>): string {
  return url ?? process.env.HUSH_URL ?? DEFAULT_URL;
}

/** @throws ConfigError for what is no address */
export function urlOf(options: Pick<RemoteOptions, 'url'>): string {
  const url = typedUrl(options);
  if (/^https?:\/\/./i.test(url) && URL.canParse(url)) return url;
  const named = options.url === undefined ? 'HUSH_URL' : '--url';
  throw new ConfigError(`${url} is no address of Hush`, `give ${named} as ${DEFAULT_URL}`);
}

/** An option that takes one of these values: help and errors list them. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

/** A token never stands on the command line, where every user of the machine can read it. */
export function tokenIn(file: string | undefined): string | undefined {
  const token = file === undefined ? process.env.HUSH_TOKEN : readFileSync(file, 'utf8');
  return token?.trim() || undefined;
}

export function connect({ tokenFile, ...options }: RemoteOptions): Hush {
  const url = urlOf(options);
  const given = tokenIn(tokenFile);
  if (given !== undefined) return createHush({ url, token: given });
  return createHush({ url, ...(keptLogin(url) ? { token: () => renewedToken(url) } : {}) });
}

/** @throws HushRequestError, which the program tells, and makes its exit code of */
export async function answered<Value>(asked: Promise<Result<Value>>): Promise<Value> {
  return orThrow(await asked);
}

/**
 * Looks the name up where the caller may list UCCs: a mistyped one would find nothing.
 * @throws ConfigError naming those that there are
 */
export async function requireUcc(hush: Hush, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const listed = await hush.uccs.list();
  if (!listed.ok) return;
  checkUcc(
    name,
    listed.value.map((ucc) => ucc.name),
  );
}

/** @throws ConfigError naming the known ones */
export function checkUcc(name: string, known: readonly string[]): void {
  if (known.some((one) => uccKey(one) === uccKey(name))) return;
  const names = known.length === 0 ? 'there is none yet' : `known are ${known.join(', ')}`;
  const next = 'correct the name, or create it: uccs in the configuration, or PUT /api/uccs/NAME';
  throw new ConfigError(`there is no UCC ${name}; ${names}`, next);
}

export function exitNameOf(error: HushError): ExitName {
  if (error.kind === 'timeout' || error.kind === 'network') return 'unreachable';
  if (error.kind === 'http' && [401, 403].includes(error.status)) return 'denied';
  if (error.kind === 'http' && [404, 410].includes(error.status)) return 'unknown';
  return 'failed';
}

export function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConfigError(`${name} wants a whole number`);
  return Number(text);
}
