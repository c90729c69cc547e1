import { setTimeout as sleep } from 'node:timers/promises';
import type { Pause } from '../../src/simulator/verdict.ts';
import { agent, type ContractAnswer, ucc } from '../../test/support/hush/hush.ts';
import { monotonicMs } from './clock.ts';
import { Connection, requestOf } from './raw-http.ts';

/** Number of calls that get commands at random instants, side by side. */
const SIDE_BY_SIDE = 16;
const BURSTS = 5;
/** Time for which all calls are recorded, or paused, between two bursts of commands. */
const BETWEEN_BURSTS_MS = 300;

/** The commands sent, and the latencies of their answers. */
export class PauseLog {
  readonly byCall = new Map<string, Pause[]>();
  readonly pauseAcksMs: number[] = [];
  readonly startAcksMs: number[] = [];
  refused = 0;

  get commands(): number {
    return this.pauseAcksMs.length + this.startAcksMs.length;
  }

  /** Counts latencies from `since`: a call's own request, or the first one of a burst. */
  add(correlationId: string, pause: Pause, since: { pause: number; start: number }): void {
    this.pauseAcksMs.push(pause.answeredAt - since.pause);
    this.startAcksMs.push(pause.startAnsweredAt - since.start);
    const pauses = this.byCall.get(correlationId) ?? [];
    pauses.push(pause);
    this.byCall.set(correlationId, pauses);
  }
}

interface Timed {
  readonly requestedAt: number;
  readonly answeredAt: number;
}

interface Line {
  readonly correlationId: string;
  readonly connection: Connection;
}

/** Sends commands over v1, for each call on a connection of its own that stays open. */
export class Commander {
  readonly #lines: readonly Line[];

  constructor(port: number, correlationIds: readonly string[]) {
    this.#lines = correlationIds.map((correlationId) => ({
      correlationId,
      connection: new Connection(port),
    }));
  }

  /** Pauses and starts single calls at random instants. */
  async atRandom(log: PauseLog, seconds: number): Promise<void> {
    const until = monotonicMs() + seconds * 1000;
    const drive = async (lines: readonly Line[]): Promise<void> => {
      while (monotonicMs() < until) {
        const line = lines[Math.floor(Math.random() * lines.length)] as Line;
        await someTime();
        const paused = await command(line, 'Pause', log);
        await someTime();
        const started = await command(line, 'Start', log);
        const since = { pause: paused.requestedAt, start: started.requestedAt };
        log.add(line.correlationId, pauseOf(paused, started), since);
      }
    };
    const shares = Array.from({ length: SIDE_BY_SIDE }, (_, share) =>
      this.#lines.filter((_, index) => index % SIDE_BY_SIDE === share),
    );
    await Promise.all(shares.map(drive));
  }

  /** Pauses all calls at once: latencies are counted from the first request of a burst. */
  async atOnce(log: PauseLog): Promise<void> {
    for (let burst = 0; burst < BURSTS; burst += 1) {
      await sleep(BETWEEN_BURSTS_MS);
      const pause = monotonicMs();
      const paused = await this.#all('Pause', log);
      await sleep(BETWEEN_BURSTS_MS);
      const start = monotonicMs();
      const started = await this.#all('Start', log);
      for (const [index, { correlationId }] of this.#lines.entries()) {
        const times = pauseOf(paused[index] as Timed, started[index] as Timed);
        log.add(correlationId, times, { pause, start });
      }
    }
  }

  async pauseAll(): Promise<void> {
    await this.#all('Pause', new PauseLog());
  }

  close(): void {
    for (const { connection } of this.#lines) connection.close();
  }

  #all(action: string, log: PauseLog): Promise<Timed[]> {
    return Promise.all(this.#lines.map((line) => command(line, action, log)));
  }
}

async function command(
  { correlationId, connection }: Line,
  action: string,
  log: PauseLog,
): Promise<Timed> {
  const body = JSON.stringify({
    Action: action,
    RequesterSipUri: agent,
    CorrelationId: correlationId,
    UCCName: ucc,
  });
  const request = requestOf('/attendantservice/api/recording/set', body);
  const requestedAt = monotonicMs();
  const answer = await connection.ask(request);
  const answeredAt = monotonicMs();
  if ((JSON.parse(answer) as ContractAnswer).ErrorMessage !== null) log.refused += 1;
  return { requestedAt, answeredAt };
}

function pauseOf(paused: Timed, started: Timed): Pause {
  return {
    ...paused,
    startRequestedAt: started.requestedAt,
    startAnsweredAt: started.answeredAt,
  };
}

function someTime(): Promise<void> {
  return sleep(20 + Math.random() * 180);
}
