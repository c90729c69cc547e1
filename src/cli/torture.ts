import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Command } from 'commander';
import { createHush } from '../../client/src/hush.ts';
import { ConfigError } from '../config/config-error.ts';
import { DURATION, parseDuration } from '../config/duration.ts';
import { RecorderProcess } from '../torture/recorder-process.ts';
import { isClean, jsonOf, type ScenarioReport, tableOf } from '../torture/report.ts';
import type { OtherUccs } from '../torture/scenarios/scenario.ts';
import { scenarios } from '../torture/scenarios/scenarios.ts';
import { Target } from '../torture/target.ts';
import { torture } from '../torture/torture.ts';
import { printJson, requireNone } from './output.ts';
import { answered, tokenIn } from './remote.ts';

interface TortureFlags {
  readonly sip: string;
  readonly api: string;
  readonly ucc: string;
  readonly requester: string;
  readonly tokenFile?: string;
  readonly audio?: string;
  readonly scenarios?: string;
  readonly calls: string;
  readonly pauses: string;
  readonly seed: string;
  readonly crashWindow: string;
  readonly guard: string;
  readonly parallel: string;
  readonly otherUcc?: string;
  readonly forgetfulUcc?: string;
  readonly lookbackUcc?: string;
  readonly lookback: string;
  readonly second?: string;
  readonly fillLog?: string;
  readonly pid?: string;
  readonly restart?: string;
  readonly crashWorker?: string;
  readonly report?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `hush torture`: proves on its files what a recorder kept of what it was told not to keep. */
export function tortureCommand(program: Command): void {
  program
    .command('torture')
    .description('prove a recorder behind the Core REST Recording API on its recordings')
    .requiredOption('--sip <host:port>', 'where it takes SIPREC over UDP')
    .requiredOption('--api <url>', 'where its API is')
    .option('--ucc <name>', 'the UCC to record', 'ucc-demo-name')
    .option('--requester <uri>', 'who commands', 'sip:agent@domain.com')
    .option(
      '--token-file <file>',
      'command through v2 with the bearer token in it; else HUSH_TOKEN',
    )
    .option('--audio <url>', 'where a recording is, with {correlationId}; default: as Hush has it')
    .option('--scenarios <names>', `of ${scenarios.map(({ name }) => name).join(', ')}`)
    .option('--calls <n>', 'calls at once, in each scenario', '10')
    .option('--pauses <n>', 'pauses of each call', '10')
    .option('--seed <n>', 'of what happens when', '1')
    .option('--crash-window <time>', 'audio that a crash may cost', '1s')
    .option('--guard <time>', 'what the recorder may leave out after a Start', '250ms')
    .option('--parallel <n>', 'scenarios at once', '1')
    .option('--other-ucc <name>', 'with the same settings: sessions move to it')
    .option('--forgetful-ucc <name>', 'its recordings are not saved by default')
    .option('--lookback-ucc <name>', 'it erases what came before a Pause')
    .option('--lookback <time>', 'how much of it', '2s')
    .option('--pid <pid>', "the recorder's process: allows stalls")
    .option('--restart <command>', 'starts it in the foreground: allows kill -9')
    .option('--crash-worker <command>', 'ends one of its media threads; {pid} is its process')
    .option('--second <command>', 'starts another recorder on the same data, which must refuse')
    .option('--fill-log <command>', 'fills what the recorder logs to; {pid} is its process')
    .option('--report <file>', 'write the figures there, as JSON')
    .option('--force', 'overwrite a report that is there already')
    .option('--json', 'print the figures as JSON')
    .action(run);
}

async function run(flags: TortureFlags): Promise<void> {
  if (flags.report !== undefined && !flags.force) requireNone([flags.report]);
  const token = tokenIn(flags.tokenFile);
  const sip = peerOf(flags.sip);
  await requireUccs(flags, token);
  const target = new Target({
    api: flags.api.replace(/\/+$/, ''),
    uccName: flags.ucc,
    requester: flags.requester,
    token,
    audioUrl: flags.audio,
  });
  const recorder = new RecorderProcess({
    pid: flags.pid === undefined ? undefined : whole('pid', flags.pid),
    restart: flags.restart,
    crashWorker: flags.crashWorker,
    second: flags.second,
    fillLog: flags.fillLog,
    isUp: () => target.isUp(),
  });
  const chosen = chooseScenarios(flags.scenarios);
  const subject = { recorder, uccs: uccsOf(flags), hasLeases: target.leases !== undefined };
  const possible = chosen.filter(({ isPossible }) => isPossible?.(subject) ?? true);
  for (const { name, needs } of chosen.filter((scenario) => !possible.includes(scenario))) {
    tell(`left out: ${name} (needs ${needs})`);
  }
  const reports = await torture({
    ...{ ...subject, target, sip, scenarios: possible },
    calls: whole('calls', flags.calls),
    pausesPerCall: whole('pauses', flags.pauses),
    seed: whole('seed', flags.seed),
    crashWindowMs: duration('crash-window', flags.crashWindow),
    guardMs: duration('guard', flags.guard),
    parallel: whole('parallel', flags.parallel),
    onProgress: progressLine(),
  });
  show(reports, flags);
  if (flags.restart !== undefined) tell(`the recorder now runs as process ${recorder.pid}`);
  if (!isClean(reports)) process.exitCode = 1;
}

function uccsOf({ otherUcc, forgetfulUcc, lookbackUcc, lookback }: TortureFlags): OtherUccs {
  const lookbackMs = duration('lookback', lookback);
  return {
    other: otherUcc,
    forgetful: forgetfulUcc,
    lookback: lookbackUcc === undefined ? undefined : { uccName: lookbackUcc, lookbackMs },
  };
}

function chooseScenarios(names: string | undefined) {
  if (names === undefined) return scenarios;
  return names.split(',').map((name) => {
    const scenario = scenarios.find((other) => other.name === name.trim());
    if (!scenario) {
      const known = scenarios.map((other) => other.name).join(', ');
      throw new ConfigError(`there is no scenario ${name}; known are ${known}`);
    }
    return scenario;
  });
}

function peerOf(text: string) {
  const [, address = '', port = ''] = /^(.+):(\d+)$/.exec(text) ?? [];
  if (isIP(address) === 0) throw new ConfigError('--sip wants an address and a port');
  return { address, port: Number(port), transport: 'UDP' as const };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ConfigError(`--${name} wants a whole number`);
  return Number(text);
}

function duration(name: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new ConfigError(`--${name} must be ${DURATION}`);
  return ms;
}

/**
 * Asks for every UCC once: what is not there would take every scenario's whole time to fail.
 * @throws HushRequestError
 */
async function requireUccs(flags: TortureFlags, token: string | undefined): Promise<void> {
  const { contract } = createHush({ url: flags.api, ...(token === undefined ? {} : { token }) });
  for (const ucc of [flags.ucc, flags.otherUcc, flags.forgetfulUcc, flags.lookbackUcc]) {
    if (ucc !== undefined) await answered(contract.capabilities(ucc));
  }
}

/** One line that goes on in a terminal; a line per tenth elsewhere. */
function progressLine() {
  let lastTenth = '';
  return (scenario: string, done: number, total: number): void => {
    const text = `${scenario}: ${done} of ${total} pauses`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${text}${done === total ? '\n' : ''}`);
      return;
    }
    const tenth = `${scenario} ${Math.floor((done * 10) / total)}`;
    if (tenth !== lastTenth) process.stderr.write(`${text}\n`);
    lastTenth = tenth;
  };
}

function show(reports: readonly ScenarioReport[], { report, json }: TortureFlags): void {
  if (json) printJson(jsonOf(reports));
  else process.stdout.write(`\n${tableOf(reports)}\n`);
  if (report === undefined) return;
  writeFileSync(report, `${JSON.stringify(jsonOf(reports), undefined, 2)}\n`);
}

/** Beside the figures, which alone are on standard output. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
