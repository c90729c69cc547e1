import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { AssuranceStore } from '../ports/assurance-store.ts';
import type { Clock } from '../ports/clock.ts';
import { dateAfter, dateAt, dayOf, nextAt } from './calendar-day.ts';
import { type DailySummary, sumUpDay } from './daily-summary.ts';

export interface SchedulePorts {
  readonly store: AssuranceStore;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  /** Clock that decides what is old enough to be forgotten. */
  readonly trustedClock: Clock;
  /** `07:00`, on the clock of `timeZone` */
  readonly dailyAt: string;
  readonly timeZone: string;
  readonly keepAlarmsMs: number;
  onSummary(date: string, summary: DailySummary): void;
  onError(cause: unknown): void;
}

/** A changed clock, or a machine that slept, is noticed within this time. */
const MAX_WAIT_MS = 60_000;

/** Once a day: sums up the previous day, reports it, and forgets old entries. */
export class DailySchedule {
  readonly #ports: SchedulePorts;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: SchedulePorts) {
    this.#ports = ports;
  }

  /** Makes up for runs missed while no process ran, if there was a summary before. */
  async start(): Promise<void> {
    const { clock, store, dailyAt, timeZone } = this.#ports;
    const now = clock.now();
    const [last] = await store.alarms({ kind: 'dailySummary', limit: 1 });
    const from = last ? Math.min(last.at, now) : now;
    this.#dueAt = nextAt(from, dailyAt, timeZone);
    this.#wait();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  #wait(): void {
    const inMs = Math.max(0, Math.min(this.#dueAt - this.#ports.clock.now(), MAX_WAIT_MS));
    this.#timer = setTimeout(() => this.#look(), inMs);
    this.#timer.unref();
  }

  #look(): void {
    const { clock, dailyAt, timeZone, onError } = this.#ports;
    const now = clock.now();
    if (now >= this.#dueAt) {
      this.#dueAt = nextAt(now, dailyAt, timeZone);
      this.#running = this.#run(now).catch(onError);
    }
    this.#wait();
  }

  async #run(now: number): Promise<void> {
    const { store, timeZone, keepAlarmsMs, alarms, onSummary, trustedClock } = this.#ports;
    await store.forgetAlarms(Math.min(now, trustedClock.now()) - keepAlarmsMs);
    const date = dateAfter(dateAt(now, timeZone), -1) ?? '';
    const day = dayOf(date, timeZone);
    if (!day) return;
    const summary = await sumUpDay(store, day);
    alarms.raise({ kind: 'dailySummary', detail: wordsOf(date, summary) });
    onSummary(date, summary);
  }
}

function wordsOf(date: string, { uccs, lookAtCount }: DailySummary): string {
  const sum = (key: 'calls' | 'recorded' | 'kept' | 'missing' | 'degraded' | 'destroyed') =>
    uccs.reduce((total, ucc) => total + ucc[key], 0);
  const silent = uccs.filter(({ nothingKept }) => nothingKept).length;
  return (
    `${date}: ${sum('calls')} calls, ${sum('recorded')} to be recorded, ${sum('kept')} kept, ` +
    `${sum('destroyed')} destroyed by flag, ${sum('missing')} missing, ${sum('degraded')} degraded` +
    `; ${lookAtCount} to look at; ${silent} UCCs with calls and nothing kept`
  );
}
