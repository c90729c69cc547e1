import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { RecorderProcess } from '../../src/torture/recorder-process.ts';
import { Target } from '../../src/torture/target.ts';
import { resumeGuardMs, type TortureBench } from './audio/torture-bench.ts';
import { agent, temporaryFolder, ucc } from './hush/hush.ts';
import { freePort, freeRtpPorts } from './ports.ts';

/** A destination of `hush serve`'s log, and a shell command after which it accepts nothing more. */
interface LogPlace {
  readonly stdout: number;
  readonly fill: string;
  close(): void;
}

const UP_POLL_MS = 50;
const START_TIMEOUT_MS = 30_000;
/** Short enough to detect a recorder that hangs. */
const COMMAND_TIMEOUT_MS = 10_000;
/** Every Pause exceeds the limit of its UCC at once, and raises an alarm, which is logged. */
const MAX_PAUSE_MS = 20;

export const fullLogs = { disk: diskPlace, pipe: pipePlace };

/** Returns true if a file system can be mounted, which requires root. */
export function canMount(): boolean {
  const folder = temporaryFolder();
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs an ordinary `hush serve` that logs to a disk of 64 KiB or to a pipe that nobody reads. */
export async function openFullLogBench(kind: keyof typeof fullLogs): Promise<TortureBench> {
  const dataDir = temporaryFolder();
  const place = fullLogs[kind](join(dataDir, 'log'));
  const [httpPort, sipPort] = [await freePort(), await freePort()];
  const config = join(dataDir, 'hush.yaml');
  const rtp = { host: '127.0.0.1', ...(await freeRtpPorts()) };
  writeFileSync(config, stringify(settings({ dataDir, httpPort, sipPort, rtp })));
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'serve', '--config', config], {
    stdio: ['ignore', place.stdout, 'inherit'],
    env: { ...process.env, HUSH_LOG_LEVEL: 'info' },
  });
  const target = new Target({
    api: `http://127.0.0.1:${httpPort}`,
    uccName: ucc,
    requester: agent,
    token: undefined,
    audioUrl: undefined,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  });
  await untilUp(child, target);
  const recorder = new RecorderProcess({
    pid: child.pid,
    restart: undefined,
    crashWorker: undefined,
    fillLog: place.fill,
    isUp: () => target.isUp(),
  });
  return {
    sip: { address: '127.0.0.1', port: sipPort, transport: 'UDP' },
    api: `http://127.0.0.1:${httpPort}`,
    target,
    recorder,
    dataDir,
    uccs: { other: undefined, forgetful: undefined, lookback: undefined },
    hasLeases: true,
    guardMs: resumeGuardMs(),
    close: async () => {
      await endOf(child);
      place.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Ports {
  readonly dataDir: string;
  readonly httpPort: number;
  readonly sipPort: number;
  readonly rtp: object;
}

function settings({ dataDir, httpPort, sipPort, rtp }: Ports): object {
  return {
    dataDir: join(dataDir, 'data'),
    http: { host: '127.0.0.1', port: httpPort },
    auth: { mode: 'none' },
    sip: { host: '127.0.0.1', udpPort: sipPort, tcpPort: sipPort },
    rtp,
    uccs: [
      {
        name: ucc,
        useAudioRecording: true,
        agentCanEditAudioRecording: true,
        maxPause: `${MAX_PAUSE_MS}ms`,
        agents: [agent],
      },
    ],
  };
}

async function untilUp(child: ChildProcess, target: Target): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  while (!(await target.isUp())) {
    if (child.exitCode !== null) throw new Error(`Hush ended with ${child.exitCode}`);
    if (performance.now() > until) throw new Error('Hush did not start');
    await delay(UP_POLL_MS);
  }
}

/** Ends the process; a main thread that hangs in its log does not handle SIGTERM. */
async function endOf(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function diskPlace(folder: string): LogPlace {
  mkdirSync(folder);
  mount(folder);
  const stdout = openSync(join(folder, 'hush.log'), 'a');
  return {
    stdout,
    fill: `cat /dev/zero > '${folder}/filler' 2> /dev/null; true`,
    close: () => {
      closeSync(stdout);
      unmount(folder);
    },
  };
}

function pipePlace(folder: string): LogPlace {
  mkdirSync(folder);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  // Open for reading as well: writers wait for room instead of failing for want of a reader.
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const stdout = openSync(pipe, constants.O_WRONLY);
  const fillBy = (bytes: number) => `dd if=/dev/zero of='${pipe}' oflag=nonblock bs=${bytes}`;
  return {
    stdout,
    fill: `${fillBy(4096)}; ${fillBy(1)}; true`,
    close: () => {
      closeSync(stdout);
      closeSync(reader);
    },
  };
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
}
