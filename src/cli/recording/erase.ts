import type { Command } from 'commander';
import { ConfigError } from '../../config/config-error.ts';
import { clock, parseClock, print, printJson } from '../output.ts';
import { answered, connect, type RemoteOptions, remote } from '../remote.ts';

interface EraseOptions extends RemoteOptions {
  readonly reason: string;
  readonly whole?: boolean;
  readonly from?: string;
  readonly to?: string;
}

/** `hush recording erase ID`: for good, and with a receipt. */
export function eraseCommand(recording: Command): void {
  remote(recording.command('erase').argument('<id>', 'of the recording, or correlation id'))
    .description('erase a recording, or an interval of it, for good; prints the receipt')
    .requiredOption('--reason <text>', 'kept for ever')
    .option('--whole', 'all of it')
    .option('--from <time>', 'beginning of the interval: 62.5 or 1:02.5')
    .option('--to <time>', 'its end')
    .action(run);
}

async function run(id: string, options: EraseOptions): Promise<void> {
  const body = { reason: options.reason, ...whatOf(options) };
  const receipt = await answered(connect(options).recordings.erase(id, body));
  if (options.json) {
    printJson(receipt);
    return;
  }
  const { state, startMs, endMs, destroyed, requestedAt } = receipt;
  const row = {
    receipt: receipt.id,
    state,
    what: startMs === null ? 'whole' : `${clock(startMs)} to ${clock(endMs)}`,
    'keys destroyed': String(destroyed.length),
    'could not be opened': String(destroyed.filter(isDamaged).length),
    requested: requestedAt,
  };
  print([row], options);
}

/** Missing, or without a key that opens it, as well. */
function isDamaged({ found }: { readonly found: string | null }): boolean {
  return found !== null && found !== 'whole';
}

function whatOf({ whole, from, to }: EraseOptions) {
  if (whole && from === undefined && to === undefined) return { whole: true };
  const startMs = from === undefined ? undefined : parseClock(from);
  const endMs = to === undefined ? undefined : parseClock(to);
  if (whole || startMs === undefined || endMs === undefined) {
    throw new ConfigError('give either --whole, or --from and --to as 62.5 or 1:02.5');
  }
  return { startMs, endMs };
}
