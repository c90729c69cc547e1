import type { HushError } from '../../client/src/result.ts';
import { HushRequestError } from '../../client/src/result.ts';
import { ConfigError } from '../config/config-error.ts';
import { type ExitName, exitNameOf } from './remote.ts';

/** Why a command did not work, for people and, under `--json`, for scripts. */
export interface Failure {
  readonly code: ExitName;
  readonly message: string;
  /** URL of the Hush that was called. */
  readonly url?: string;
  /** Suggested next step. */
  readonly next?: string;
}

/** The command that failed, as it was typed. */
export interface FailedCommand {
  /** `hush call pause` */
  readonly name: string;
  /** URL of the Hush that the command calls; undefined if it calls none. */
  readonly url: string | undefined;
}

/** Errors whose message is written for whoever runs Hush; of others the stack is shown as well. */
const ours: readonly string[] = ['StartError', 'DataFolderError', 'SchemaError'];

/** By the code of the system, or of TLS. */
const networkCauses: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'it did not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

export function failureOf(cause: unknown, { name, url }: FailedCommand): Failure {
  if (cause instanceof HushRequestError) {
    const { error } = cause;
    return {
      code: exitNameOf(error),
      message: sentenceOf(error),
      ...(url === undefined ? {} : { url }),
      next: nextAfter(error, name),
    };
  }
  const { message = String(cause) } = cause as Partial<Error>;
  if (!(cause instanceof ConfigError)) return { code: 'failed', message };
  return { code: 'usage', message, ...(cause.next === undefined ? {} : { next: cause.next }) };
}

export function isExpected(cause: unknown): boolean {
  if (cause instanceof ConfigError || cause instanceof HushRequestError) return true;
  const { name, code } = cause as NodeJS.ErrnoException;
  return ours.includes(name) || code !== undefined;
}

/** Its first line says what went wrong; the others, where, and what to do. */
export function textOf({ message, url, next }: Failure): string {
  const lines = [`hush: ${message}`];
  if (url !== undefined) lines.push(`  url:  ${url}`);
  if (next !== undefined) lines.push(`  next: ${next}`);
  return `${lines.join('\n')}\n`;
}

export function jsonOf({ code, message, url, next }: Failure): string {
  const error = { code, message, url: url ?? null, next: next ?? null };
  return `${JSON.stringify({ error }, null, 2)}\n`;
}

function sentenceOf(error: HushError): string {
  if (error.kind !== 'network') return error.message;
  const { cause } = error;
  if (cause === undefined) return error.message;
  const words = networkCauses[cause];
  return `${error.message}: ${words === undefined ? cause : `${words} (${cause})`}`;
}

function nextAfter(error: HushError, name: string): string {
  const noun = name.split(' ')[1] ?? '';
  const list = noun === 'recording' ? 'hush recording list' : 'hush call list';
  switch (error.kind) {
    case 'network': {
      const where = name === 'hush torture' ? '--api' : '--url or HUSH_URL';
      return `start it with hush serve, or say where it is: ${where}`;
    }
    case 'timeout':
      return `it may have been carried out: look before you repeat it (${list})`;
    case 'http':
      return nextAfterStatus(error, { name, list });
    case 'unexpected':
      return 'check that a Hush of this version answers at this address: --url or HUSH_URL';
    default:
      return error.retryable ? 'try again' : `look at its state: ${list} --json`;
  }
}

function nextAfterStatus(
  { status, retryAfterMs }: Extract<HushError, { kind: 'http' }>,
  { name, list }: { readonly name: string; readonly list: string },
): string {
  if (status === 401 && name === 'hush login') return 'try again, or ask an admin';
  if (status === 401) return 'sign in with hush login, or give a token: --token-file or HUSH_TOKEN';
  if (status === 403) return 'ask an admin for a role, or a UCC, that allows it';
  if (status === 404 || status === 410) return `see what there is: ${list}`;
  if (status === 421) return 'use a name that Hush answers under (http.allowedHosts)';
  if (retryAfterMs !== null) return `try again in ${Math.ceil(retryAfterMs / 1000)} s`;
  if (status >= 500) return 'try again; the log of Hush says more';
  return `look at its state (${list} --json), or see ${name} --help`;
}
