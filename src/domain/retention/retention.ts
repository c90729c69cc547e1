import type { AlarmRegister } from '../assurance/alarm-register.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { CallRecord } from '../model/call-record.ts';
import { MarkingState } from '../model/recording-state.ts';
import type { RetentionStore } from '../ports/retention-store.ts';
import type { Store } from '../ports/store.ts';
import type { Erasures } from '../recording/erasures.ts';
import { RecordingRefusedError } from '../recording/recording-lock.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import { holdOf, type IsDue, type RetentionHold, retentionTerms } from './retention-hold.ts';
import type { TrustedClock } from './trusted-clock.ts';

export interface RetentionPorts {
  readonly uccs: UccRegistry;
  readonly keeping: Pick<RetentionStore, 'expired' | 'expiredCount'>;
  readonly store: Pick<Store, 'commit'>;
  readonly erasures: Pick<Erasures, 'erase' | 'resume'>;
  readonly alarms: Pick<AlarmRegister, 'begin' | 'finish'>;
  readonly clock: TrustedClock;
  readonly intervalMs: number;
  readonly maxDestroyedPerPass: number;
  /** Returns false while the bucket may be another Hush's: nothing is destroyed by age then. */
  mayDestroy(): boolean;
  /** Returns the audit row of a destruction, for its commit. */
  audit(record: CallRecord): AuditRecord;
  onError(cause: unknown): void;
}

const BATCH = 64;
/** Interval between looks at the clock: a pass follows when trust in it is lost or regained. */
const LOOK_INTERVAL_MS = 60_000;
/** Wait before the first retry of unfinished work; it doubles each time. */
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Destroyed in parallel: each waits for the disk, or the bucket. */
const AT_ONCE = 8;
/** Longest accepted length for calls during which the clock was set. */
const MAX_LENGTH_MS = 86_400_000;

/**
 * Destroys recordings that are older than their UCC keeps them, and resumes interrupted erasures:
 * at start, and then at an interval. An untrusted clock, and a pass that would destroy too many,
 * wait for confirmation (docs/decisions/0025).
 */
export class Retention {
  readonly #ports: RetentionPorts;
  readonly #timers: NodeJS.Timeout[] = [];
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;
  #hold: RetentionHold | undefined;
  #wasInDoubt = false;
  /** Confirmed recordings beyond the number that a pass may destroy. */
  #confirmed = 0;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** Recordings that wait for confirmation, as of the last pass. */
  get hold(): RetentionHold | undefined {
    return this.#hold;
  }

  start(): void {
    const pass = () => void this.clean();
    this.#timers.push(setInterval(pass, this.#ports.intervalMs).unref());
    this.#timers.push(setInterval(() => this.#lookAtClock(), LOOK_INTERVAL_MS).unref());
    pass();
  }

  /** Resolves when nothing is left to do, or it failed. */
  clean(): Promise<void> {
    this.#running ??= this.#clean()
      .catch(this.#ports.onError)
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /**
   * Confirms the destruction of held recordings, and starts a pass that carries it out.
   * @param recordings the number that the person was shown
   * @param audit row that names the person, written before anything is destroyed
   * @returns false where nothing is held, or the number differs
   */
  async confirm(recordings: number, audit: AuditRecord): Promise<boolean> {
    await this.#running;
    const reading = this.#ports.clock.look();
    this.#hold = await this.#holdNow(this.#ports.maxDestroyedPerPass);
    if (this.#closed || this.#hold?.recordings !== recordings) return false;
    if (reading.offMs !== 0) await this.#ports.clock.confirm(audit);
    else await this.#ports.store.commit({ audit: [audit] });
    this.#confirmed = recordings;
    // A pass that began meanwhile does not know of it.
    void Promise.resolve(this.#running).then(() => this.clean());
    return true;
  }

  /** Finishes work in progress. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#retry);
    await this.#running;
  }

  /** Retries an unfinished erasure: its obstacle is usually gone within seconds. */
  retrySoon(): void {
    if (this.#closed || this.#retry) return;
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#retry = setTimeout(() => void this.#resume().catch(this.#ports.onError), waitMs).unref();
  }

  async #resume(): Promise<void> {
    this.#failures += 1;
    this.#retry = undefined;
    const left = await this.#ports.erasures.resume(() => this.#closed);
    if (left > 0) this.retrySoon();
    else this.#failures = 0;
  }

  #lookAtClock(): void {
    const isInDoubt = this.#ports.clock.look().offMs !== 0;
    if (isInDoubt !== this.#wasInDoubt) void this.clean();
  }

  async #clean(): Promise<void> {
    const { uccs, erasures, clock, alarms, maxDestroyedPerPass } = this.#ports;
    await erasures.resume(() => this.#closed);
    if (this.#closed || !this.#ports.mayDestroy()) return;
    this.#wasInDoubt = clock.look().offMs !== 0;
    const before = this.#hold;
    const budget = { left: maxDestroyedPerPass + this.#confirmed };
    this.#confirmed = 0;
    this.#hold = await this.#holdNow(budget.left);
    if (this.#hold?.reason !== before?.reason) alarms.finish('retentionHeld');
    if (this.#hold) alarms.begin('retentionHeld', this.#hold.detail);
    await clock.believe();
    for (const { name } of uccs.list()) await this.#cleanUcc(name, budget);
  }

  #holdNow(maxRecordings: number): Promise<RetentionHold | undefined> {
    const isDue: IsDue = (...due) => this.#isDue(...due);
    return holdOf(this.#ports, this.#ports.clock.look(), { maxRecordings, isDue });
  }

  async #cleanUcc(uccName: string, budget: Budget): Promise<void> {
    const { clock, keeping, uccs } = this.#ports;
    let after: CallRecord | undefined;
    while (!this.#closed && budget.left > 0 && !this.#hold?.holdsAll) {
      const terms = retentionTerms(uccs, uccName, clock.now());
      if (!terms) return;
      const page = await keeping.expired({ uccName, ...terms, after, limit: BATCH });
      after = page.at(-1);
      if (!after) return;
      await this.#destroy(page, budget);
    }
  }

  async #destroy(due: CallRecord[], budget: Budget): Promise<void> {
    const next = async (): Promise<void> => {
      for (let record = due.pop(); record !== undefined; record = due.pop()) {
        // Correcting a setting saves the recordings it has not reached yet.
        if (this.#closed || budget.left <= 0) return;
        if (!this.#isDue(record, this.#ports.clock.now())) continue;
        budget.left -= 1;
        const asked = { interval: null, reason: 'retention', requestedBy: 'retention' };
        await this.#ports.erasures
          .erase({ ...asked, callId: record.id, audit: this.#ports.audit(record) })
          .catch((cause: unknown) => {
            // Held, or destroyed by another request, in the meantime.
            if (!(cause instanceof RecordingRefusedError)) throw cause;
          });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** Applies the shortest term of all UCCs that took part. */
  #isDue(record: CallRecord, now: number): boolean {
    const { uccs } = this.#ports;
    const beganAt = this.#beganAt(record);
    return record.dialogue.uccs.some((name) => {
      const terms = retentionTerms(uccs, name, now);
      if (!terms || beganAt >= terms.before) return false;
      return !(terms.spareMarked && record.markingState === MarkingState.Mark);
    });
  }

  /** Returns the later of the recorded wall clock time and the time known by now. */
  #beganAt({ beganAt, endedAt, dialogue }: CallRecord): number {
    const ended = dialogue.endedAt && this.#ports.clock.timeOf(dialogue.endedAt);
    if (!ended) return beganAt;
    const lengthMs = Math.min(MAX_LENGTH_MS, Math.max(0, (endedAt ?? beganAt) - beganAt));
    return Math.max(beganAt, ended - lengthMs);
  }
}

/** The number that a pass may still destroy. */
interface Budget {
  left: number;
}
