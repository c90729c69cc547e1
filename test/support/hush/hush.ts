import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { ServerOverrides } from '../../../src/assemble/context.ts';
import type { HushServer } from '../../../src/assemble/running-server.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { RecordingEvent } from '../../../src/domain/model/recording-event.ts';
import type { SipPeer } from '../../../src/protocols/sip/message/types.ts';
import { createServer } from '../../../src/server.ts';
import { portRange } from '../ports.ts';

export const ucc = 'ucc-demo-name';
export const agent = 'sip:agent@domain.com';
export const supervisor = 'sip:supervisor@domain.com';

/** All Hush instances of a test file share the range, one after the other. */
const rtpPorts = portRange();

export interface HushOptions {
  readonly dataDir?: string;
  readonly config?: (config: Config) => Config;
  readonly overrides?: ServerOverrides;
}

/** A whole Hush in this process, on free ports, in a temp folder, and a client of its API. */
export class TestHush {
  readonly dataDir: string;
  readonly config: Config;
  readonly events: RecordingEvent[] = [];
  readonly api: string;
  readonly sipUdpPort: number;
  readonly sipTcpPort: number;
  readonly sipTlsPort: number;
  readonly #server: HushServer;
  readonly #listeners = new Set<() => void>();

  private constructor(parts: {
    dataDir: string;
    config: Config;
    server: HushServer;
    addresses: Awaited<ReturnType<HushServer['start']>>;
  }) {
    this.dataDir = parts.dataDir;
    this.config = parts.config;
    this.#server = parts.server;
    this.api = parts.addresses.http;
    this.sipUdpPort = parts.addresses.sipUdpPort ?? 0;
    this.sipTcpPort = parts.addresses.sipTcpPort ?? 0;
    this.sipTlsPort = parts.addresses.sipTlsPort ?? 0;
  }

  static async start(options: HushOptions = {}): Promise<TestHush> {
    const dataDir = options.dataDir ?? temporaryFolder();
    const config = testConfig(dataDir, options.config);
    const logger = options.overrides?.logger ?? pino({ level: 'silent' });
    const server = await createServer(config, { ...options.overrides, logger });
    const early: RecordingEvent[] = [];
    const stopEarly = server.onEvent((event) => early.push(event));
    const addresses = await server.start();
    stopEarly();
    const hush = new TestHush({ dataDir, config, server, addresses });
    hush.events.push(...early);
    server.onEvent((event) => {
      hush.events.push(event);
      for (const listener of hush.#listeners) listener();
    });
    return hush;
  }

  get peer(): SipPeer {
    return { address: '127.0.0.1', port: this.sipUdpPort, transport: 'UDP' };
  }

  /** Resolves with the first event, past or future, that matches. */
  event(matches: (event: RecordingEvent) => boolean): Promise<RecordingEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.find(matches);
        if (!found) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  settled(correlationId: string): Promise<RecordingEvent> {
    return this.event(
      (event) =>
        event.correlationId === correlationId &&
        (event.type === 'recordingSaved' || event.type === 'recordingDestroyed'),
    );
  }

  async command(
    action: unknown,
    correlationId: string,
    more: object = {},
  ): Promise<ContractAnswer> {
    const response = await this.post('/attendantservice/api/recording/set', {
      Action: action,
      RequesterSipUri: agent,
      CorrelationId: correlationId,
      UCCName: ucc,
      ...more,
    });
    return (await response.json()) as ContractAnswer;
  }

  post(path: string, body: unknown): Promise<Response> {
    return fetch(this.api + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever JSON came.
  async get<Body = any>(path: string): Promise<Body> {
    return (await fetch(this.api + path)).json() as Promise<Body>;
  }

  async audio(id: string): Promise<Buffer> {
    const response = await fetch(`${this.api}/api/recordings/${id}/audio`);
    return Buffer.from(await response.arrayBuffer());
  }

  reload(): void {
    this.#server.reload();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  abandon(): Promise<void> {
    return this.#server.abandon();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export interface ContractAnswer {
  readonly CorrelationId: string | null;
  readonly RecordingState: number;
  readonly MarkingState: number;
  readonly SavingState: number;
  readonly ErrorMessage: { readonly ErrorType: number; readonly Message: string } | null;
  readonly UCCName: string | null;
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'hush-'));
}

export function testConfig(dataDir: string, change?: HushOptions['config']): Config {
  const defaults = loadConfig({});
  const config: Config = {
    ...defaults,
    dataDir,
    http: {
      ...defaults.http,
      port: 0,
      // All clients of a test or bench share one address.
      requestsPerSecondPerAddress: 10_000_000,
      requestsPerSecondPerToken: 10_000_000,
    },
    // Callers from loopback may do everything, unless a test is about permissions.
    auth: { ...defaults.auth, mode: 'none' },
    sip: { ...defaults.sip, udpPort: 0, tcpPort: 0, tlsPort: 0 },
    rtp: { ...defaults.rtp, ...rtpPorts },
    // Loopback needs no guard interval, and deleted recordings go when their calls end; tests of
    // guard or grace set them.
    recording: { ...defaults.recording, resumeGuardMs: 0, deleteGraceMs: 0 },
    uccs: [
      {
        name: ucc,
        useAudioRecording: true,
        agentCanEditAudioRecording: true,
        agents: [agent],
        supervisors: [supervisor],
      },
    ],
  };
  return change ? change(config) : config;
}
