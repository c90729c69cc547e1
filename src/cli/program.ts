import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { archiveCommand } from './archive.ts';
import { backupCommands } from './backup.ts';
import { callCommands } from './call/call.ts';
import { clientCommand } from './client.ts';
import { demoCommand } from './demo.ts';
import { tellFailure } from './failed-command.ts';
import { loginCommands } from './login.ts';
import { recordingCommands } from './recording/recording.ts';
import { endSoon, stopWithWrapper } from './run-server.ts';
import { serveCommand } from './serve.ts';
import { tortureCommand } from './torture.ts';
import { userCommand } from './user.ts';

// Files that Hush or an export of it creates are readable by their owner only.
process.umask(0o077);
stopWithWrapper();

const program = new Command('hush')
  .description('A call recorder for contact centres that can prove what it did not hear')
  .version(version, '-V, --version', 'print the version')
  // Errors are printed once, as text or as JSON, where they are caught.
  .configureOutput({ outputError: () => undefined })
  .exitOverride();
program.commandsGroup('At the machine:');
serveCommand(program);
backupCommands(program);
userCommand(program);
clientCommand(program);
program.commandsGroup('Against a running Hush:');
loginCommands(program);
callCommands(program);
recordingCommands(program);
archiveCommand(program);
program.commandsGroup('To see and to prove it:');
demoCommand(program);
tortureCommand(program);

try {
  await program.parseAsync();
} catch (cause) {
  const isHelp = cause instanceof CommanderError && cause.exitCode === 0;
  process.exitCode = isHelp ? 0 : tellFailure(cause, program, process.argv.slice(2));
  endSoon();
}
