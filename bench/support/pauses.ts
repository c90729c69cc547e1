import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandClient } from '../../test/support/api.ts';
import type { Pause } from '../../test/support/fence-judge.ts';
import { monotonicMs } from './clock.ts';

/** Commands at random instants, that many calls side by side. */
const SIDE_BY_SIDE = 16;
const ROUNDS_AT_ONCE = 5;
/** How long all calls are recorded, or paused, between two bursts of commands. */
const BETWEEN_BURSTS_MS = 300;

/** What was commanded, and how long the answers took. */
export class PauseLog {
  readonly byCall = new Map<string, Pause[]>();
  readonly pauseAcksMs: number[] = [];
  readonly startAcksMs: number[] = [];
  refused = 0;

  get count(): number {
    return this.pauseAcksMs.length;
  }

  /** Latencies are counted from `since`: a call's own request, or the first one of a burst. */
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

export class Commander {
  readonly #send: CommandClient;
  readonly #ids: readonly string[];

  constructor(send: CommandClient, correlationIds: readonly string[]) {
    this.#send = send;
    this.#ids = correlationIds;
  }

  /** Opens a connection for every call, and lets both sides compile what they run. */
  async warmUp(): Promise<void> {
    await Promise.all(this.#ids.map((id) => this.#send('Mark', id)));
    await sleep(BETWEEN_BURSTS_MS);
  }

  /** Single calls are paused and started at random instants. */
  async atRandom(log: PauseLog, seconds: number): Promise<void> {
    const until = monotonicMs() + seconds * 1000;
    const drive = async (ids: readonly string[]): Promise<void> => {
      while (monotonicMs() < until) {
        const id = ids[Math.floor(Math.random() * ids.length)] as string;
        await someTime();
        const paused = await this.#timed(log, 'Pause', id);
        await someTime();
        const started = await this.#timed(log, 'Start', id);
        const since = { pause: paused.requestedAt, start: started.requestedAt };
        log.add(id, pauseOf(paused, started), since);
      }
    };
    const shares = Array.from({ length: SIDE_BY_SIDE }, (_, share) =>
      this.#ids.filter((_, index) => index % SIDE_BY_SIDE === share),
    );
    await Promise.all(shares.map(drive));
  }

  /** All calls at once: latencies are counted from the first request of a burst. */
  async atOnce(log: PauseLog): Promise<void> {
    for (let round = 0; round < ROUNDS_AT_ONCE; round += 1) {
      await this.warmUp();
      const pause = monotonicMs();
      const paused = await Promise.all(this.#ids.map((id) => this.#timed(log, 'Pause', id)));
      await sleep(BETWEEN_BURSTS_MS);
      const start = monotonicMs();
      const started = await Promise.all(this.#ids.map((id) => this.#timed(log, 'Start', id)));
      for (const [index, id] of this.#ids.entries()) {
        log.add(id, pauseOf(paused[index] as Timed, started[index] as Timed), { pause, start });
      }
    }
  }

  async #timed(log: PauseLog, action: string, id: string): Promise<Timed> {
    const requestedAt = monotonicMs();
    const { ErrorMessage } = await this.#send(action, id);
    const answeredAt = monotonicMs();
    if (ErrorMessage !== null) log.refused += 1;
    return { requestedAt, answeredAt };
  }
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
