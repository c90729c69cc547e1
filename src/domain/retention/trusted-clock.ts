import type { Moment, Moments } from '../common/moment.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClockAnchor, ClockAnchorStore } from '../ports/clock-anchor-store.ts';

export interface ClockReading {
  /** Unix ms: the wall clock's time. */
  readonly wall: number;
  /** Unix ms: surely past. Less than `wall` while the wall clock is implausibly far ahead. */
  readonly now: number;
  /** How far the wall clock is ahead (positive) or behind; 0 while it is trusted. */
  readonly offMs: number;
}

/** NTP slews and steps less than this. */
const MAX_STEP_MS = 600_000;
/** Longest time that a machine may be off without confirmation. */
const MAX_OFF_MS = 259_200_000;

interface Reference extends ClockAnchor {
  /** Time that may have passed beyond what the monotonic clock shows. */
  readonly slackMs: number;
}

/**
 * The wall clock, as far as it is trusted: it must run like the monotonic clock, and continue near
 * its last trusted time, set by this process or an earlier one. Destruction by age uses `now`,
 * which no step of the wall clock brings forward.
 */
export class TrustedClock implements Clock {
  readonly #clock: Clock;
  readonly #moments: Moments;
  readonly #store: ClockAnchorStore;
  readonly #anchors = new Map<string, ClockAnchor>();
  #reference: Reference | undefined;

  constructor(ports: { clock: Clock; moments: Moments; store: ClockAnchorStore }) {
    this.#clock = ports.clock;
    this.#moments = ports.moments;
    this.#store = ports.store;
  }

  async load(): Promise<void> {
    const anchors = await this.#store.anchors();
    for (const anchor of anchors) this.#anchors.set(anchor.moment.bootId, anchor);
    const last = anchors.at(-1);
    const moment = this.#moments.moment();
    if (last?.moment.bootId === moment.bootId) this.#reference = { ...last, slackMs: 0 };
    else {
      // It is unknown how long no process ran, and whether this is the same machine.
      const at = last?.at ?? (await this.#store.lastEventAt());
      if (at !== undefined) this.#reference = { at, moment, slackMs: MAX_OFF_MS };
    }
  }

  now(): number {
    return this.look().now;
  }

  look(): ClockReading {
    const wall = this.#clock.now();
    if (!this.#reference) return { wall, now: wall, offMs: 0 };
    const { at, moment, slackMs } = this.#reference;
    const least = at + this.#moments.moment().monotonicMs - moment.monotonicMs;
    const isAhead = wall > least + slackMs + MAX_STEP_MS;
    const isBehind = wall < least - MAX_STEP_MS;
    if (!isAhead && !isBehind) return { wall, now: wall, offMs: 0 };
    return { wall, now: Math.min(wall, least), offMs: wall - least };
  }

  /** Saves the wall clock's time for the next look, unless it is in doubt. */
  async believe(): Promise<void> {
    const { wall, offMs } = this.look();
    if (offMs === 0) await this.#anchor(wall);
  }

  /** Confirms, on a person's word, that the wall clock is right. */
  async confirm(audit: AuditRecord): Promise<void> {
    await this.#anchor(this.#clock.now(), audit);
  }

  async #anchor(at: number, audit?: AuditRecord): Promise<void> {
    const anchor = { at, moment: this.#moments.moment() };
    await this.#store.save(anchor, audit);
    this.#anchors.set(anchor.moment.bootId, anchor);
    this.#reference = { ...anchor, slackMs: 0 };
  }

  /**
   * Returns when that moment was, Unix ms, whatever the wall clock said then; undefined where it
   * was never trusted during that boot.
   */
  timeOf({ bootId, monotonicMs }: Moment): number | undefined {
    const anchor = this.#anchors.get(bootId);
    return anchor && anchor.at + monotonicMs - anchor.moment.monotonicMs;
  }
}
