import type { Command } from 'commander';
import type { RecordingEvent } from '../../../client/src/events.ts';
import { ConfigError } from '../../config/config-error.ts';
import { connect, type RemoteOptions, remote, requireUcc, wholeNumber } from '../remote.ts';

interface WatchOptions extends RemoteOptions {
  readonly ucc?: string;
  readonly since?: string;
}

/** `hush call watch`: events as they happen, until it is interrupted. */
export function watchCommand(call: Command): void {
  remote(call.command('watch').description('print events as they happen, until Ctrl-C'))
    .option('--ucc <name>', 'of this UCC only')
    .option('--since <sequence>', 'first what came after this event; with --ucc')
    .action(run);
}

async function run({ ucc, since, ...options }: WatchOptions): Promise<void> {
  if (since !== undefined && ucc === undefined) throw new ConfigError('--since wants --ucc');
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => interrupted.abort());
  }
  const hush = connect(options);
  await requireUcc(hush, ucc);
  const events = hush.events({
    ...(ucc === undefined ? {} : { ucc }),
    ...(since === undefined ? {} : { since: wholeNumber('--since', since) }),
    signal: interrupted.signal,
    onReconnect: ({ message }) => process.stderr.write(`hush: ${message}; trying again\n`),
  });
  for await (const event of events) {
    process.stdout.write(`${options.json ? JSON.stringify(event) : line(event)}\n`);
  }
}

function line(event: RecordingEvent): string {
  const what = event.action ?? event.alarm ?? event.type;
  const who = event.requester ?? event.owner;
  return [
    event.at.slice(11, 23),
    String(event.sequence).padStart(6),
    event.uccName.padEnd(16),
    what.padEnd(18),
    event.correlationId,
    ...(who === null ? [] : [`by ${who}`]),
  ].join('  ');
}
