import type { Command } from 'commander';
import { eraseCommand } from './erase.ts';
import { exportCommand } from './export.ts';
import { holdCommands } from './hold.ts';
import { listCommand } from './list.ts';

/** `hush recording ...`: recordings of calls that have ended, and of those in progress. */
export function recordingCommands(program: Command): void {
  const recording = program.command('recording').description('recordings');
  listCommand(recording);
  exportCommand(recording);
  eraseCommand(recording);
  holdCommands(recording);
}
