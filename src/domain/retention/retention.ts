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
  /** False while the bucket may be another Hush's: nothing is destroyed by age then. */
  mayDestroy(): boolean;
  /** The row of what is destroyed, for the commit that says so. */
  audit(record: CallRecord): AuditRecord;
  onError(cause: unknown): void;
}

const BATCH = 64;
/** The clock is looked at this often: a pass follows where it is believed no longer, or again. */
const LOOK_INTERVAL_MS = 60_000;
/** What could not be finished is tried again after this, twice as long each time. */
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Destroyed at once: what each waits for is the disk, or the bucket. */
const AT_ONCE = 8;
/** Of calls whose clock was set meanwhile, the length is not believed to be more. */
const MAX_LENGTH_MS = 86_400_000;

/**
 * Destroys recordings that are older than their UCC keeps them, and goes on with erasures that
 * were interrupted: at start, and from then on at an interval. A clock that is not believed, and a
 * pass that would destroy too many, wait for a person (docs/decisions/0025).
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
  /** So many more than a pass may destroy, as a person said. */
  #confirmed = 0;

  constructor(ports: RetentionPorts) {
    this.#ports = ports;
  }

  /** What waits for a person, as the last pass found it. */
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
   * A person has seen what would be destroyed: it is, in a pass that is begun here.
   * @param recordings how many they were told
   * @param audit who says so: written before anything is destroyed
   * @returns false where nothing is held, or not so many are
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

  /** What is begun is finished. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#retry);
    await this.#running;
  }

  /** An erasure could not be finished: what keeps it from that is mostly over within seconds. */
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
        // Whoever corrects a setting saves what it has not reached yet.
        if (this.#closed || budget.left <= 0) return;
        if (!this.#isDue(record, this.#ports.clock.now())) continue;
        budget.left -= 1;
        const asked = { interval: null, reason: 'retention', requestedBy: 'retention' };
        await this.#ports.erasures
          .erase({ ...asked, callId: record.id, audit: this.#ports.audit(record) })
          .catch((cause: unknown) => {
            // Held, or destroyed by somebody else, in the meantime.
            if (!(cause instanceof RecordingRefusedError)) throw cause;
          });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** By any of the UCCs that took part: the one that keeps it the shortest counts. */
  #isDue(record: CallRecord, now: number): boolean {
    const { uccs } = this.#ports;
    const beganAt = this.#beganAt(record);
    return record.dialogue.uccs.some((name) => {
      const terms = retentionTerms(uccs, name, now);
      if (!terms || beganAt >= terms.before) return false;
      return !(terms.spareMarked && record.markingState === MarkingState.Mark);
    });
  }

  /** The later one of what the wall clock said then and what is known by now. */
  #beganAt({ beganAt, endedAt, dialogue }: CallRecord): number {
    const ended = dialogue.endedAt && this.#ports.clock.timeOf(dialogue.endedAt);
    if (!ended) return beganAt;
    const lengthMs = Math.min(MAX_LENGTH_MS, Math.max(0, (endedAt ?? beganAt) - beganAt));
    return Math.max(beganAt, ended - lengthMs);
  }
}

/** How many a pass may still destroy. */
interface Budget {
  left: number;
}
