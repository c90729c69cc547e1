import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SipPeer } from '../../../src/protocols/sip/message/types.ts';
import { freePort, freeRtpPorts } from '../ports.ts';
import { agent, temporaryFolder, ucc } from './hush.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServeOptions {
  /** Merged over the usual settings, section by section. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Standard output and error; by default both are files. */
  readonly stdio?: StdioOptions;
  readonly environment?: Record<string, string>;
  /** Runs `hush`; else the sources on this very Node. */
  readonly command?: readonly [string, ...string[]];
}

/** A place for successive Hush processes: folder, ports and settings. */
export class ServePlace {
  readonly folder = temporaryFolder();
  readonly api: string;
  readonly peer: SipPeer;
  readonly settings: Readonly<Record<string, unknown>>;

  private constructor(httpPort: number, sipPort: number, settings: Record<string, unknown>) {
    this.api = `http://127.0.0.1:${httpPort}`;
    this.peer = { address: '127.0.0.1', port: sipPort, transport: 'UDP' };
    this.settings = settings;
  }

  static async create(more: Readonly<Record<string, unknown>> = {}): Promise<ServePlace> {
    const [httpPort, sipPort, rtp] = [await freePort(), await freePort(), await freeRtpPorts()];
    const usual: Record<string, unknown> = {
      dataDir: 'data',
      auth: { mode: 'none' },
      http: { port: httpPort },
      sip: { udpPort: sipPort, tcpPort: sipPort },
      rtp,
      uccs: [
        {
          name: ucc,
          useAudioRecording: true,
          agentCanEditAudioRecording: true,
          agents: [agent],
        },
      ],
    };
    return new ServePlace(httpPort, sipPort, merged(usual, more));
  }

  /** Starts `hush serve`, whether or not it becomes ready. */
  spawn({ settings = {}, stdio, environment = {}, command }: ServeOptions = {}): ServedHush {
    const file = join(this.folder, 'hush.yaml');
    writeFileSync(file, JSON.stringify(merged(this.settings, settings)));
    const [program, ...args] = command ?? [process.execPath, main];
    const child = spawn(program, [...args, 'serve', '-c', file], {
      stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...environment },
    });
    return new ServedHush(this, child);
  }

  async start(options: ServeOptions = {}): Promise<ServedHush> {
    const hush = this.spawn(options);
    await hush.ready();
    return hush;
  }
}

/** A `hush serve` as an operator runs it. */
export class ServedHush {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  exit: Exit | undefined;
  #out = '';
  #err = '';
  readonly #place: ServePlace;

  constructor(place: ServePlace, child: ChildProcess) {
    this.#place = place;
    this.child = child;
    child.stdout?.on('data', (data) => {
      this.#out += data;
    });
    child.stderr?.on('data', (data) => {
      this.#err += data;
    });
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Resolves when it is ready. @throws if it ends before */
  async ready(): Promise<void> {
    for (;;) {
      if (this.exit) throw new Error(`hush serve ended with ${this.exit.code}: ${this.#err}`);
      const health = await fetch(`${this.#place.api}/api/health`).catch(() => undefined);
      if (health?.status === 200) return;
      await delay(50);
    }
  }

  async end(...signals: readonly NodeJS.Signals[]): Promise<Exit> {
    for (const signal of signals) this.child.kill(signal);
    return this.exited;
  }
}

function merged(
  usual: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const all: Record<string, unknown> = { ...usual };
  for (const [name, value] of Object.entries(more)) {
    const before = all[name];
    const isSection = [before, value].every(
      (one) => typeof one === 'object' && one !== null && !Array.isArray(one),
    );
    all[name] = isSection ? { ...(before as object), ...(value as object) } : value;
  }
  return all;
}

export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
