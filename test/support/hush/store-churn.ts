import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { nowMs } from '../../../src/simulator/verdict.ts';
import { type PostgresServer, startPostgres } from '../../store/database-servers.ts';
import { type MarkerCall, TestCaller } from '../calls.ts';
import { CutNetwork } from '../cut-network.ts';
import { freeRtpPorts } from '../ports.ts';
import { ChurnRows, type Said } from './churn-rows.ts';
import { agent, temporaryFolder, ucc } from './hush.ts';
import { HushProcess } from './hush-process.ts';

export const disturbances = [
  ...(['terminate', 'restart', 'freeze', 'freezeOne', 'cut', 'loseAnswer'] as const),
  ...(['loseAnswerAndCut', 'longFreeze'] as const),
] as const;
export type Disturbance = (typeof disturbances)[number];

export interface ChurnOptions {
  readonly rounds: readonly Disturbance[];
  readonly calls: number;
  onRound?(round: number, disturbance: Disturbance): void;
}

export interface ChurnReport {
  readonly rounds: number;
  /** Times at which the process ended, or gave no answer. */
  readonly deaths: number;
  readonly acknowledged: number;
  /** Commands answered with ErrorType 3. */
  readonly failed: number;
  /** Commands refused by the rules of the contract. */
  readonly refused: number;
  readonly longestMs: number;
  /** Acknowledged commands whose rows are missing, duplicate or different. */
  readonly lost: readonly string[];
  /** Rows of commands that were never acknowledged. */
  readonly unsaid: readonly string[];
  /** Differences between the process's view of a call and its row. */
  readonly untrue: readonly string[];
  /** Recorded frames that were sent during an acknowledged pause. */
  readonly leaked: number;
}

const TIMEOUT_MS = 2_000;
const FREEZE_MS = 3_000;
const LONG_FREEZE_MS = 7_000;
const CUT_MS = 1_000;
const actions = ['Pause', 'Start', 'Mark', 'UnMark', 'Pause', 'Start', 'Save'] as const;
const endSessions =
  'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';

/**
 * Runs a Hush of its own process with calls and commands while its PostgreSQL server restarts again
 * and again; afterwards compares acknowledged and refused commands with the rows.
 */
export async function churnStore(options: ChurnOptions): Promise<ChurnReport> {
  const dataDir = temporaryFolder();
  const server = await startPostgres();
  const { url = '' } = await server.empty();
  const network = await CutNetwork.to(server.port);
  const rtpPorts = await freeRtpPorts();
  const store = { kind: 'postgres', url: network.through(url), timeoutMs: TIMEOUT_MS } as const;
  const environment = { HUSH_LOG_LEVEL: 'silent' };
  const hush = await HushProcess.start({ dataDir, rtpPorts, store, environment });
  const caller = await TestCaller.open();
  try {
    const churn = new Churn({ server, network, hush, url });
    for (let count = 0; count < options.calls; count += 1) churn.join(await caller.call(hush));
    return await churn.run(options);
  } finally {
    await caller.close();
    await hush.end('SIGKILL');
    await network.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface ChurnParts {
  readonly server: PostgresServer;
  readonly network: CutNetwork;
  readonly hush: HushProcess;
  readonly url: string;
}

class Churn {
  readonly #parts: ChurnParts;
  readonly #calls: MarkerCall[] = [];
  readonly #said: Said[] = [];
  #deaths = 0;
  #isOver = false;

  constructor(parts: ChurnParts) {
    this.#parts = parts;
    void parts.hush.exited.then(() => {
      if (!this.#isOver) this.#deaths += 1;
    });
  }

  join(call: MarkerCall): void {
    this.#calls.push(call);
  }

  async run({ rounds, onRound }: ChurnOptions): Promise<ChurnReport> {
    let goOn = true;
    const commanding = this.#calls.map(async (call) => {
      while (goOn) await this.#command(call, actions[randomInt(actions.length)] as string);
    });
    for (const [round, disturbance] of rounds.entries()) {
      onRound?.(round, disturbance);
      await delay(randomInt(100, 400));
      await this.#disturb(disturbance);
      await this.#ready();
    }
    goOn = false;
    await Promise.all(commanding);
    const { api } = this.#parts.hush;
    const query = this.#query.bind(this);
    const rows = new ChurnRows({ api, query, calls: this.#calls, said: this.#said });
    const found = await rows.compared();
    const leaked = await rows.leaks();
    this.#isOver = true;
    const count = (wanted: (said: Said) => boolean) => this.#said.filter(wanted).length;
    return {
      rounds: rounds.length,
      deaths: this.#deaths,
      leaked,
      ...found,
      acknowledged: count(({ sequence }) => sequence !== undefined),
      failed: count(({ errorType }) => errorType === 3),
      refused: count(({ errorType }) => errorType !== undefined && errorType !== 3),
      longestMs: Math.round(
        Math.max(...this.#said.map(({ askedAtMs, answeredAtMs }) => answeredAtMs - askedAtMs)),
      ),
    };
  }

  async #command({ correlationId }: MarkerCall, action: string): Promise<void> {
    const askedAtMs = nowMs();
    const request = { Action: action, RequesterSipUri: agent, UCCName: ucc };
    try {
      const response = await fetch(`${this.#parts.hush.api}/attendantservice/api/recording/set`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...request, CorrelationId: correlationId }),
      });
      const answer = (await response.json()) as { ErrorMessage: { ErrorType: number } | null };
      const isOk = response.status === 200 && answer.ErrorMessage === null;
      const sequence = isOk ? Number(response.headers.get('hush-sequence')) : undefined;
      const errorType = answer.ErrorMessage?.ErrorType;
      const answeredAtMs = nowMs();
      this.#said.push({ correlationId, action, sequence, errorType, askedAtMs, answeredAtMs });
    } catch {
      this.#deaths += 1;
    }
    await delay(randomInt(20));
  }

  async #disturb(disturbance: Disturbance): Promise<void> {
    const { server, network } = this.#parts;
    switch (disturbance) {
      case 'terminate':
        await this.#query(endSessions);
        return;
      case 'restart':
        return server.restart();
      case 'freeze':
      case 'longFreeze':
        server.freeze();
        await delay(disturbance === 'freeze' ? FREEZE_MS : LONG_FREEZE_MS);
        return server.thaw();
      case 'freezeOne':
        server.freeze(await this.#someSession());
        await delay(FREEZE_MS);
        return server.thaw();
      case 'cut':
        network.cut();
        await delay(CUT_MS);
        return network.mend();
      case 'loseAnswer':
        return network.loseAnswer(false);
      case 'loseAnswerAndCut':
        await network.loseAnswer(true);
        await delay(FREEZE_MS);
        return network.mend();
    }
  }

  async #someSession(): Promise<number | undefined> {
    const sessions = await this.#query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name not like 'hush %'",
    );
    return sessions[randomInt(Math.max(1, sessions.length))]?.pid;
  }

  async #ready(): Promise<void> {
    while (this.#deaths === 0) {
      const health = await fetch(`${this.#parts.hush.api}/api/health`).catch(() => undefined);
      if (health?.status === 200) return;
      await delay(50);
    }
  }

  async #query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#parts.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
