import type { Command } from 'commander';
import { commandCommands } from './command.ts';
import { listCommand } from './list.ts';
import { watchCommand } from './watch.ts';

/** `hush call ...`: calls in progress. */
export function callCommands(program: Command): void {
  const call = program.command('call').description('calls in progress');
  listCommand(call);
  watchCommand(call);
  commandCommands(call);
}
