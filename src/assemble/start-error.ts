import { ConfigError } from '../config/config-error.ts';
import { DataFolderError } from '../store/ownership/data-folder.ts';
import { OwnershipError } from '../store/ownership/ownership-error.ts';

/** Says in one sentence why Hush did not start. Everything that had been opened is closed again. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Returns an error that speaks for itself as it is, and any other one as a StartError. */
export function startError(cause: unknown): Error {
  const speaksForItself = [ConfigError, DataFolderError, StartError, OwnershipError];
  if (speaksForItself.some((kind) => cause instanceof kind)) return cause as Error;
  return new StartError(`Hush did not start: ${sentenceOf(cause)}`, { cause });
}

/**
 * Names the setting that a step of the start depends on, in front of the error's own words. Errors
 * that speak for themselves stay as they are.
 */
export async function naming<Result>(
  setting: string,
  step: () => Promise<Result>,
): Promise<Result> {
  try {
    return await step();
  } catch (cause) {
    throw namedError(setting, cause);
  }
}

/** The same for a step that is over at once. */
export function namingAtOnce<Result>(setting: string, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    throw namedError(setting, cause);
  }
}

function namedError(setting: string, cause: unknown): Error {
  const error = startError(cause);
  if (error === cause) return error;
  return new StartError(`Hush did not start: ${setting}: ${sentenceOf(cause)}`, { cause });
}

/** Describes an error on one line. An error of several addresses carries its message within. */
function sentenceOf(cause: unknown): string {
  if (cause instanceof AggregateError && !cause.message) return sentenceOf(cause.errors[0]);
  const { message = String(cause), code } = cause as Partial<NodeJS.ErrnoException>;
  return (message || code || 'unknown failure').split('\n', 1)[0] as string;
}
