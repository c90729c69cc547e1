import { readFileSync, rmSync } from 'node:fs';
import { commandClient } from '../test/support/api.ts';
import { type MarkerCall, TestCaller } from '../test/support/calls.ts';
import { agent, temporaryFolder, ucc } from '../test/support/hush/hush.ts';
import { HushProcess } from '../test/support/hush/hush-process.ts';
import type { MemorySample } from './judge.ts';

const SAMPLE_MS = 1_000;
const HEALTH_TIMEOUT_MS = 5_000;
const UNCONFIRMED_MS = 45_000;
const PAGE_BYTES = 4_096;
/** MiB: some three times what Hush keeps alive. A leak ends the process. */
const HEAP = 192;

/** A Hush of its own with two live calls, watched while it is attacked. */
export class FuzzTarget {
  readonly ucc = ucc;
  readonly agent = agent;
  readonly samples: MemorySample[] = [];
  readonly faults: string[] = [];
  readonly #hush: HushProcess;
  readonly #caller: TestCaller;
  readonly #call: MarkerCall;
  readonly #secured: MarkerCall;
  readonly #dataDir: string;
  readonly #watch: NodeJS.Timeout;
  readonly #begunMs = performance.now();

  private constructor(parts: {
    hush: HushProcess;
    caller: TestCaller;
    call: MarkerCall;
    secured: MarkerCall;
    dataDir: string;
  }) {
    this.#hush = parts.hush;
    this.#caller = parts.caller;
    this.#call = parts.call;
    this.#secured = parts.secured;
    this.#dataDir = parts.dataDir;
    this.#watch = setInterval(() => void this.#look(), SAMPLE_MS);
  }

  static async start(): Promise<FuzzTarget> {
    const dataDir = temporaryFolder();
    // With room to spare the runtime collects late, and freed memory looks as if kept.
    const environment = { HUSH_LOG_LEVEL: 'silent', NODE_OPTIONS: `--max-old-space-size=${HEAP}` };
    const hush = await HushProcess.start({ dataDir, environment });
    const caller = await TestCaller.open();
    const call = await caller.call(hush);
    const secured = await caller.call(hush, { srtp: 'AES_CM_128_HMAC_SHA1_32' });
    return new FuzzTarget({ hush, caller, call, secured, dataDir });
  }

  get httpPort(): number {
    return Number(new URL(this.#hush.api).port);
  }
  get api(): string {
    return this.#hush.api;
  }
  get sipPort(): number {
    return this.#hush.peer.port;
  }
  /** Returns the ports of the live calls' streams, one call plain, the other one under SRTP. */
  get rtpPorts(): number[] {
    const streams = [this.#call, this.#secured].flatMap(({ call }) => call.streams);
    return streams.map(({ remote }) => remote?.port ?? 0);
  }
  get correlationId(): string {
    return this.#call.correlationId;
  }
  get isAlive(): boolean {
    try {
      process.kill(this.#hush.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** Checks that a well-behaved client is still served. */
  async checkControl(): Promise<void> {
    await this.#restoreUcc();
    const command = commandClient(this.#hush.api);
    const call = await this.#callAgain();
    await call.frames(5);
    for (const [action, state] of [
      ['Pause', 3],
      ['Start', 1],
    ] as const) {
      const answer = await command(action, call.correlationId);
      if (answer.RecordingState !== state) this.faults.push(`${action} of a good client failed`);
    }
    await call.call.end();
  }

  /** Restores settings that the attack, which may do everything, may have changed. */
  async #restoreUcc(): Promise<void> {
    const may = { useAudioRecording: true, agentCanEditAudioRecording: true };
    const settings = { ...may, agents: [agent] };
    await fetch(`${this.#hush.api}/api/uccs/${ucc}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(settings),
    });
  }

  /** Unconfirmed calls take their room until timer H ends them (RFC 3261 17.2.1). */
  async #callAgain(): Promise<MarkerCall> {
    const until = performance.now() + UNCONFIRMED_MS;
    for (;;) {
      try {
        return await this.#caller.call(this.#hush);
      } catch (cause) {
        if (performance.now() > until || !this.isAlive) throw cause;
        await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      }
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    await this.#caller.close();
    const code = await this.#hush.end('SIGTERM');
    if (code !== 0) this.faults.push(`Hush ended with ${code}`);
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #look(): Promise<void> {
    if (!this.isAlive) return;
    const pages = Number(readFileSync(`/proc/${this.#hush.pid}/statm`, 'utf8').split(' ')[1]);
    const atMs = performance.now() - this.#begunMs;
    this.samples.push({ atMs, bytes: pages * PAGE_BYTES });
    const signal = AbortSignal.timeout(HEALTH_TIMEOUT_MS);
    const health = await fetch(`${this.#hush.api}/api/health`, { signal }).catch(() => undefined);
    await health?.arrayBuffer();
    if (!health && this.isAlive) this.faults.push('health was not answered in time');
  }
}
