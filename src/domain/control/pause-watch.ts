import type { Call } from '../call/call.ts';
import type { Moments } from '../common/moment.ts';
import { type Lease, leaseKey, remainingMs } from '../model/lease.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';

export interface PauseWatchPorts {
  readonly uccs: UccRegistry;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  readonly moments: Moments;
}

type OnLeaseDue = (call: Call, lease: Lease) => Promise<void>;

interface WatchedPause {
  /** Identifies the pause, renewed or not. */
  readonly key: string;
  readonly owner: string;
  /** Undefined for the contract's pause. */
  readonly lease: Lease | undefined;
  readonly of: string;
  readonly inMs: number;
}

/** The longest wait that a timer accepts. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Watched {
  timer: NodeJS.Timeout | undefined;
  /** Due time of each pause in monotonic ms, which no jump of the wall clock moves. */
  readonly due: Map<string, { readonly of: string; readonly atMs: number }>;
}

/**
 * Watches over pauses that nobody ends: leases that are not renewed, and contract pauses longer
 * than their UCC allows. Both raise the same alarm.
 */
export class PauseWatch {
  readonly #ports: PauseWatchPorts;
  readonly #watched = new Map<Call, Watched>();
  #onLeaseDue: OnLeaseDue = async () => {};

  constructor(ports: PauseWatchPorts) {
    this.#ports = ports;
  }

  onLeaseDue(listener: OnLeaseDue): void {
    this.#onLeaseDue = listener;
  }

  /** Called when the call's set of pauses may have changed. */
  changed(call: Call): void {
    const watched = this.#watched.get(call) ?? { timer: undefined, due: new Map() };
    const pauses = call.ended ? [] : this.#pausesOf(call);
    for (const key of watched.due.keys()) {
      if (!pauses.some((pause) => pause.key === key)) watched.due.delete(key);
    }
    for (const { key, of, inMs } of pauses) {
      if (watched.due.get(key)?.of === of) continue;
      watched.due.set(key, { of, atMs: performance.now() + inMs });
    }
    this.#watched.set(call, watched);
    this.#arm(call, watched);
  }

  close(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  /** Returns the pauses to watch; `of` distinguishes a renewed pause from its earlier term. */
  #pausesOf(call: Call): WatchedPause[] {
    const now = this.#ports.clock.now();
    const moment = this.#ports.moments.moment();
    const { leases, pausedAt } = call.record;
    const maxPauseMs = this.#ports.uccs.rulesOf(call.record)?.maxPauseMs ?? 0;
    const pauses = leases
      .filter(({ expired }) => !expired)
      .map((lease) => ({
        key: leaseKey(lease),
        owner: lease.owner,
        lease,
        of: String(lease.expiresAt),
        inMs: remainingMs(lease, moment, now),
      }));
    if (pausedAt === null || maxPauseMs === 0) return pauses;
    const inMs = Math.max(0, Math.min(maxPauseMs, pausedAt + maxPauseMs - now));
    return [...pauses, { key: 'api', owner: 'api', lease: undefined, of: String(pausedAt), inMs }];
  }

  #arm(call: Call, watched: Watched): void {
    clearTimeout(watched.timer);
    const times = [...watched.due.values()].map(({ atMs }) => atMs).filter(Number.isFinite);
    if (times.length === 0) {
      if (watched.due.size === 0) this.#watched.delete(call);
      return;
    }
    const inMs = Math.max(0, Math.min(...times) - performance.now());
    watched.timer = setTimeout(() => this.#due(call, watched), Math.min(inMs, MAX_TIMER_MS));
    watched.timer.unref();
  }

  #due(call: Call, watched: Watched): void {
    const now = performance.now();
    for (const [key, { of, atMs }] of watched.due) {
      if (atMs > now) continue;
      // Reported once; it stays in the list, so that the same pause is not due again.
      watched.due.set(key, { of, atMs: Number.POSITIVE_INFINITY });
      void call.queue.run(() => this.#tell(call, key, of)).then(() => this.changed(call));
    }
    this.#arm(call, watched);
  }

  /** Checks again in the call's turn: the pause may have been renewed or released meanwhile. */
  async #tell(call: Call, key: string, of: string): Promise<void> {
    if (call.ended) return;
    const due = this.#pausesOf(call).find((pause) => pause.key === key && pause.of === of);
    if (!due) return;
    const { id: callId, correlationId, uccName } = call;
    const detail = `nobody ended the pause of ${due.owner} in time`;
    this.#ports.alarms.raise({ kind: 'pauseExpired', callId, correlationId, uccName, detail });
    if (due.lease) await this.#onLeaseDue(call, due.lease);
  }
}
