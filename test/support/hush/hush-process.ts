import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ServerAddresses } from '../../../src/assemble/start.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { SipPeer } from '../../../src/protocols/sip/message/types.ts';

export interface HushProcessOptions {
  readonly dataDir: string;
  /** Media threads stall. */
  readonly stalling?: boolean;
  /** Media threads die at SIGUSR2; at SIGWINCH one of them stalls for a while. */
  readonly crashable?: boolean;
  /** After a restart, calls without media end after this time. */
  readonly mediaTimeoutMs?: number;
  readonly recording?: Partial<Config['recording']>;
  /** Fixed so that it is the same after a restart. */
  readonly sipUdpPort?: number;
  readonly httpPort?: number;
  readonly sip?: Partial<Config['sip']>;
  readonly shutdown?: Config['shutdown'];
  /** Settings of the demo UCC. */
  readonly ucc?: Partial<Config['uccs'][number]>;
  /** Further UCCs, otherwise with the demo UCC's settings. */
  readonly moreUccs?: readonly (Partial<Config['uccs'][number]> & { readonly name: string })[];
  /** Ports of `freeRtpPorts`, if the usual 2,000 may be in use by a neighbour. */
  readonly rtpPorts?: { readonly portMin: number; readonly portMax: number };
  /** Replaces mode `none`. */
  readonly auth?: Partial<Config['auth']>;
  readonly environment?: Record<string, string>;
  readonly store?: Partial<Config['store']>;
  readonly lock?: Partial<Config['lock']>;
}

/** A whole Hush in a process of its own, which can be killed. */
export class HushProcess {
  readonly api: string;
  readonly peer: SipPeer;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;

  private constructor(child: ChildProcess, addresses: ServerAddresses) {
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    this.api = addresses.http;
    this.peer = { address: '127.0.0.1', port: addresses.sipUdpPort ?? 0, transport: 'UDP' };
  }

  static async start(options: HushProcessOptions): Promise<HushProcess> {
    const child = spawn(process.execPath, commandLine(options), {
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const addresses = await new Promise<ServerAddresses>((resolve, reject) => {
      child.once('message', (message) => resolve(message as ServerAddresses));
      child.once('exit', (code) => reject(new Error(`Hush ended with ${code}`)));
    });
    return new HushProcess(child, addresses);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves with the exit code; null after a signal. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Sends SIGKILL or SIGTERM; resolves with the exit code. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.#exited;
  }
}

/** Returns the arguments of Node that start such a process. */
export function commandLine(options: HushProcessOptions): string[] {
  const entry = fileURLToPath(new URL('./hush-process-entry.ts', import.meta.url));
  return [entry, JSON.stringify(options)];
}
