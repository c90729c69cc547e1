import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SipPeer } from '../../../src/protocols/sip/message/types.ts';
import { agent, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { programPath } from '../../support/programs.ts';

const DISK = '6m';
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Ready {
  readonly http: string;
  readonly sipUdpPort: number;
}

/** `hush serve` in a process of its own, its data on a disk of a few MB that nobody else sees. */
export class SmallDiskHush {
  readonly api: string;
  readonly peer: SipPeer;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, ready: Ready) {
    this.#child = child;
    this.#folder = folder;
    this.api = ready.http;
    this.peer = { address: '127.0.0.1', port: ready.sipUdpPort, transport: 'UDP' };
  }

  static async start(): Promise<SmallDiskHush> {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'hush.yaml'), JSON.stringify(settings));
    const script = `mount -t tmpfs -o size=${DISK},mode=700 tmpfs "$0/data" && exec "$1" "$2" serve -c "$0/hush.yaml"`;
    const child = spawn(
      programPath('unshare'),
      [
        ...['--user', '--map-root-user', '--mount', 'sh', '-c', script],
        ...[folder, process.execPath, join(root, 'src/main.ts')],
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_NO_WARNINGS: '1', HUSH_AUTH_MODE: 'none' },
      },
    );
    return new SmallDiskHush(child, folder, await readyOf(child));
  }

  /** Leaves no byte free. */
  fill(): void {
    const ballast = openSync(this.#ballast, 'w');
    try {
      for (const bytes of [65_536, 4096]) writeUntilFull(ballast, bytes);
    } finally {
      closeSync(ballast);
    }
  }

  free(): void {
    rmSync(this.#ballast);
  }

  /** The data folder as a crash of the machine would leave it, on a disk with room. */
  copyData(): string {
    const target = temporaryFolder();
    const filter = (source: string) => source !== this.#ballast;
    cpSync(this.#data, target, { recursive: true, filter });
    return target;
  }

  async stop(): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const [code] = await exited;
    rmSync(this.#folder, { recursive: true, force: true });
    return code;
  }

  /**
   * The disk is mounted in the process's own namespace: the way there leads through the process.
   */
  get #data(): string {
    return join(`/proc/${this.#child.pid}/root`, this.#folder, 'data');
  }

  get #ballast(): string {
    return join(this.#data, 'ballast');
  }
}

const settings = {
  dataDir: 'data',
  http: { port: 0 },
  sip: { udpPort: 0, tcpPort: 0 },
  rtp: { portMin: 9_300, portMax: 9_399 },
  recording: { diskProbeInterval: '100ms', mediaTimeout: '300ms' },
  uccs: [{ name: ucc, useAudioRecording: true, agentCanEditAudioRecording: true, agents: [agent] }],
};

function writeUntilFull(file: number, bytes: number): void {
  try {
    for (;;) writeSync(file, Buffer.alloc(bytes, 1));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
  }
}

async function readyOf(child: ChildProcess): Promise<Ready> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { msg: string } & Ready;
    if (entry.msg !== 'ready') continue;
    child.stdout.resume();
    return entry;
  }
  throw new Error('hush serve ended; unshare needs user namespaces');
}
