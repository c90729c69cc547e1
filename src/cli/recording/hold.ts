import type { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { answered, connect, type RemoteOptions, remote } from '../remote.ts';

/** `hush recording hold ID` and `hush recording release ID`: legal holds. */
export function holdCommands(recording: Command): void {
  remote(recording.command('hold').argument('<id>', 'of the recording, or correlation id'))
    .description('place a legal hold: nothing destroys the recording while it lies on it')
    .requiredOption('--reason <text>', 'the case')
    .action((id: string, options: RemoteOptions & { reason: string }) =>
      show(connect(options).recordings.placeLegalHold(id, options.reason), options),
    );
  remote(recording.command('release').argument('<id>', 'of the recording, or correlation id'))
    .description('release the legal hold')
    .requiredOption('--reason <text>', 'why; kept in the audit log')
    .action((id: string, options: RemoteOptions & { reason: string }) =>
      show(connect(options).recordings.releaseLegalHold(id, options.reason), options),
    );
}

async function show(
  asked: ReturnType<ReturnType<typeof connect>['recordings']['placeLegalHold']>,
  options: RemoteOptions,
): Promise<void> {
  const recording = await answered(asked);
  if (options.json) printJson(recording);
  else {
    const { id, legalHold } = recording;
    print([{ id, 'legal hold': legalHold?.reason ?? 'none', by: legalHold?.owner ?? '' }], options);
  }
}
