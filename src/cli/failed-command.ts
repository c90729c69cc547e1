import { type Command, CommanderError } from 'commander';
import {
  type FailedCommand,
  type Failure,
  failureOf,
  isExpected,
  jsonOf,
  textOf,
} from './failure.ts';
import { exitCodes, typedUrl } from './remote.ts';

/** Says on standard error what went wrong, once. @returns the exit code */
export function tellFailure(cause: unknown, program: Command, words: readonly string[]): number {
  // Commander has shown the commands that there are.
  if (isHelpShown(cause)) return exitCodes.usage;
  const command = commandOf(program, words);
  const failure =
    cause instanceof CommanderError ? usageFailure(cause, command.name) : failureOf(cause, command);
  if (words.includes('--json')) process.stderr.write(jsonOf(failure));
  else if (cause instanceof CommanderError || isExpected(cause)) {
    process.stderr.write(textOf(failure));
  } else console.error(cause);
  return exitCodes[failure.code];
}

function isHelpShown(cause: unknown): boolean {
  return cause instanceof CommanderError && cause.code === 'commander.help';
}

/** By its nouns and verbs, which come first. */
function commandOf(program: Command, words: readonly string[]): FailedCommand {
  let command = program;
  const names = [program.name()];
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (!next) break;
    names.push(word);
    command = next;
  }
  return { name: names.join(' '), url: askedUrl(command) };
}

/** Undefined for a command that asks no Hush. */
function askedUrl(command: Command): string | undefined {
  const { api, ...options } = command.opts<{ readonly api?: string; readonly url?: string }>();
  const takesUrl = command.options.some(({ long }) => long === '--url');
  return takesUrl ? typedUrl(options) : api;
}

function usageFailure({ message }: CommanderError, name: string): Failure {
  const next = `see ${name} --help`;
  return { code: 'usage', message: message.replace(/^error: /, '').replace('\n', ' '), next };
}
