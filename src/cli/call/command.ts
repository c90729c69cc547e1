import type { Command } from 'commander';
import type { CommandAction } from '../../../client/src/contract.ts';
import { print, printJson } from '../output.ts';
import { answered, connect, type RemoteOptions, remote } from '../remote.ts';

interface CommandOptions extends RemoteOptions {
  readonly requester: string;
}

const actions: readonly { name: string; action: CommandAction; what: string }[] = [
  { name: 'pause', action: 'Pause', what: 'stop keeping audio, until start' },
  { name: 'start', action: 'Start', what: 'record, or go on recording' },
  { name: 'stop', action: 'Stop', what: 'end the recording' },
  { name: 'mark', action: 'Mark', what: 'mark the recording' },
  { name: 'unmark', action: 'UnMark', what: 'take the mark away' },
  { name: 'save', action: 'Save', what: 'keep the recording when the call ends' },
  { name: 'delete', action: 'Delete', what: 'destroy the recording when the call ends' },
];

/** `hush call pause ID` and its siblings: the contract's commands, on behalf of an agent. */
export function commandCommands(call: Command): void {
  for (const { name, action, what } of actions) {
    remote(call.command(name).argument('<id>', 'of the call, or correlation id'))
      .description(what)
      .requiredOption('--requester <uri>', 'agent or supervisor on whose behalf it is')
      .action((id: string, options: CommandOptions) => run(action, id, options));
  }
}

async function run(action: CommandAction, id: string, options: CommandOptions): Promise<void> {
  const hush = connect(options);
  const { uccName, correlationId } = await answered(hush.call(id).get());
  const { requester } = options;
  const command = { uccName, correlationId, requester };
  const effect = await answered(hush.contract.command(action, command));
  if (options.json) {
    printJson(effect);
    return;
  }
  const { recordingState, markingState, savingState, effectiveAt } = effect;
  const states = { state: recordingState, mark: markingState, saving: savingState };
  print([{ ...states, 'in effect since': effectiveAt ?? '' }], options);
}
