import type { Command } from 'commander';
import type { Recording } from '../../../client/src/api-types.ts';
import type { RecordingQuery } from '../../../client/src/recordings.ts';
import { ConfigError } from '../../config/config-error.ts';
import { gapReasons } from '../../domain/model/gap.ts';
import { SavingState } from '../../domain/model/recording-state.ts';
import { clock, parseClock, print, printJson } from '../output.ts';
import { choice, connect, type RemoteOptions, remote, requireUcc, wholeNumber } from '../remote.ts';

const savingFlags = Object.keys(SavingState);
const statuses: readonly NonNullable<RecordingQuery['status']>[] = [
  ...(['live', 'finishing', 'deleting', 'kept', 'destroyed'] as const),
];

interface ListOptions extends RemoteOptions {
  readonly ucc?: string;
  readonly agent?: string;
  readonly party?: string;
  readonly correlationId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly marked?: boolean;
  readonly legalHold?: boolean;
  readonly saving?: string;
  readonly status?: string;
  readonly longer?: string;
  readonly shorter?: string;
  readonly gap?: string;
  readonly limit: string;
}

/** `hush recording list`: search. */
export function listCommand(recording: Command): void {
  remote(recording.command('list').description('list recordings, the newest first'))
    .option('--ucc <name>', 'of this UCC')
    .option('--agent <who>', 'SIP URI, user part or phone number of an agent on the call')
    .option('--party <who>', 'the same of anybody on the call')
    .option('--correlation-id <id>', 'of this call as the customer experienced it')
    .option('--from <time>', 'that began then or later: 2026-11-27, or with a time')
    .option('--to <time>', 'that began earlier')
    .option('--marked', 'that are marked')
    .option('--legal-hold', 'that are under legal hold')
    .addOption(choice('--saving <flag>', 'with this saving flag', savingFlags))
    .addOption(choice('--status <status>', 'in this status', statuses))
    .option('--longer <time>', 'at least so long: 90, 1:30 or 1:00:00')
    .option('--shorter <time>', 'at most so long')
    .addOption(choice('--gap <reason>', 'with a gap for this reason', gapReasons))
    .option('--limit <n>', 'at most so many; 0: all', '50')
    .action(run);
}

async function run(options: ListOptions): Promise<void> {
  const limit = wholeNumber('--limit', options.limit) || Number.POSITIVE_INFINITY;
  const recordings: Recording[] = [];
  const hush = connect(options);
  await requireUcc(hush, options.ucc);
  for await (const recording of hush.recordings.list(queryOf(options))) {
    recordings.push(recording);
    if (recordings.length >= limit) break;
  }
  if (options.json) printJson(recordings);
  else print(recordings.map(rowOf), options);
}

function queryOf(options: ListOptions): RecordingQuery {
  const query = {
    ...{ ucc: options.ucc, agent: options.agent, party: options.party },
    ...{ correlationId: options.correlationId, marked: options.marked },
    ...{ legalHold: options.legalHold, saving: options.saving, status: options.status },
    gap: options.gap,
    from: timeOf('--from', options.from),
    to: timeOf('--to', options.to),
    minLengthMs: lengthOf('--longer', options.longer),
    maxLengthMs: lengthOf('--shorter', options.shorter),
  };
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as RecordingQuery;
}

function timeOf(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new ConfigError(`${name} wants a time: 2026-11-27T09:00`);
  return new Date(ms).toISOString();
}

function lengthOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseClock(text);
  if (ms === undefined) throw new ConfigError(`${name} wants a length: 90, 1:30 or 1:00:00`);
  return ms;
}

function rowOf(recording: Recording) {
  const { id, uccName, beganAt, lengthMs, status, gaps, legalHold, markingState } = recording;
  const notes = [
    ...(markingState === 'Mark' ? ['marked'] : []),
    ...(legalHold ? ['legal hold'] : []),
    ...(gaps && gaps.lengthMs > 0
      ? [`gaps ${clock(gaps.lengthMs)} ${gaps.reasons.join(' ')}`]
      : []),
  ];
  return {
    id,
    ucc: uccName,
    began: beganAt.slice(0, 19).replace('T', ' '),
    length: clock(lengthMs),
    status,
    notes: notes.join(', '),
    parties: recording.parties.map(({ aor }) => aor).join(', '),
  };
}
