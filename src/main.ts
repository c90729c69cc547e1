import { Command, CommanderError } from 'commander';
import { HushRequestError } from '../client/src/result.ts';
import { archiveCommand } from './cli/archive.ts';
import { backupCommands } from './cli/backup.ts';
import { callsCommand } from './cli/calls.ts';
import { clientCommand } from './cli/client.ts';
import { commandCommands } from './cli/command.ts';
import { demoCommand } from './cli/demo.ts';
import { eraseCommand } from './cli/erase.ts';
import { exportCommand } from './cli/export.ts';
import { holdCommands } from './cli/hold.ts';
import { loginCommands } from './cli/login.ts';
import { recordingsCommand } from './cli/recordings.ts';
import { exitCodeOf, exitCodes } from './cli/remote.ts';
import { endSoon, stopWithWrapper } from './cli/run-server.ts';
import { serveCommand } from './cli/serve.ts';
import { tortureCommand } from './cli/torture.ts';
import { userCommand } from './cli/user.ts';
import { watchCommand } from './cli/watch.ts';
import { ConfigError } from './config/config-error.ts';

// Whatever is written, by Hush or by an export of it, is its owner's alone.
process.umask(0o077);
stopWithWrapper();

const program = new Command('hush')
  .description('A call recorder for contact centres that can prove what it did not hear')
  .exitOverride();
serveCommand(program);
demoCommand(program);
loginCommands(program);
callsCommand(program);
commandCommands(program);
watchCommand(program);
recordingsCommand(program);
exportCommand(program);
eraseCommand(program);
holdCommands(program);
archiveCommand(program);
backupCommands(program);
clientCommand(program);
userCommand(program);
tortureCommand(program);

try {
  await program.parseAsync();
} catch (cause) {
  process.exitCode = told(cause);
  endSoon();
}

/** Says what went wrong, once; its exit code. */
function told(cause: unknown): number {
  // Commander has said it itself.
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : exitCodes.usage;
  if (cause instanceof HushRequestError) {
    console.error(`hush: ${cause.message}`);
    return exitCodeOf(cause.error);
  }
  const { name, code } = cause as NodeJS.ErrnoException;
  const ours = ['StartError', 'DataFolderError', 'SchemaError'];
  const isExpected = cause instanceof ConfigError || ours.includes(name) || code !== undefined;
  console.error(isExpected ? `hush: ${(cause as Error).message}` : cause);
  return cause instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
}
