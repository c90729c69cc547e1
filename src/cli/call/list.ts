import type { Command } from 'commander';
import { print, printJson } from '../output.ts';
import { answered, connect, type RemoteOptions, remote, requireUcc } from '../remote.ts';

interface ListOptions extends RemoteOptions {
  readonly ucc?: string;
  readonly agent?: string;
}

/** `hush call list`: calls in progress. */
export function listCommand(call: Command): void {
  remote(call.command('list').description('list the calls in progress'))
    .option('--ucc <name>', 'of this UCC only')
    .option('--agent <uri>', 'SIP URI or phone number of an agent on the call')
    .action(run);
}

async function run({ ucc, agent, ...options }: ListOptions): Promise<void> {
  const hush = connect(options);
  await requireUcc(hush, ucc);
  const query = { ...(ucc ? { ucc } : {}), ...(agent ? { agent } : {}) };
  const calls = await answered(hush.calls.list(query));
  if (options.json) {
    printJson(calls);
    return;
  }
  const rows = calls.map(({ correlationId, uccName, recordingState, pausedBy, ...call }) => ({
    'correlation id': correlationId,
    ucc: uccName,
    state: recordingState,
    'paused by': pausedBy.join(', '),
    since: call.beganAt.slice(11, 19),
    parties: call.parties.map(({ aor }) => aor).join(', '),
  }));
  print(rows, options);
}
