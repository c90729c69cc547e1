import type { Call } from '../call/call.ts';
import type { Journal } from '../call/journal.ts';
import type { CallHealth } from '../model/call-health.ts';
import type { SavingState } from '../model/recording-state.ts';
import type { Archive, ErasableArchive, FinishedRecording } from '../ports/archive.ts';
import { gapSummary } from '../recording/gap-map.ts';

export interface RecordingFatePorts {
  readonly archive: Archive & Pick<ErasableArchive, 'interrupt'>;
  readonly journal: Journal;
  /** Judges a call that has ended: by its audio, or, where it is not kept, by what came. */
  assess(call: Call, finished?: FinishedRecording): Promise<CallHealth>;
}

/** What is to be done, and how often it has failed in a row. */
interface Order {
  /** Of the dialogue: it is the recording's own from then on. */
  readonly savingState: SavingState;
  readonly failures: number;
}

/** An assessment that fails this often does not keep a recording from its end. */
const MAX_ASSESSMENTS = 3;

/** Keeps the recording of a call that has ended, or destroys it. Each step may be repeated. */
export class RecordingFate {
  readonly #ports: RecordingFatePorts;
  /** Of those whose settlement has not been committed yet: a call is judged once. */
  readonly #verdicts = new Map<string, CallHealth>();

  constructor(ports: RecordingFatePorts) {
    this.#ports = ports;
  }

  async keep(call: Call, { savingState, failures }: Order): Promise<void> {
    const { archive, journal } = this.#ports;
    if (call.record.status === 'kept') {
      if (call.record.savingState === savingState) return;
      const record = call.flagged(savingState);
      await journal.record(call, { type: 'callUpdated', record });
      return;
    }
    const finished = await archive.finish(call.id);
    const { lengthMs, gaps, tracks } = finished;
    const health = await this.#assess(call, failures, finished);
    const summary = gapSummary(gaps, tracks);
    const record = call.kept({ savingState, lengthMs, gaps: summary, health });
    await journal.record(call, { type: 'recordingSaved', record, extra: { gaps, tracks } });
    this.#verdicts.delete(call.id);
  }

  /** Nobody hears it any more; its keys are still there. */
  async condemn(call: Call, savingState: SavingState): Promise<void> {
    const record = call.condemned(savingState);
    await this.#ports.journal.record(call, { type: 'callUpdated', record });
    await this.#ports.archive.interrupt(call.id);
  }

  async destroy(call: Call, status: 'destroyed' | 'empty', order: Order): Promise<void> {
    const { archive, journal } = this.#ports;
    const { savingState, failures } = order;
    const health = call.record.health ?? (await this.#assess(call, failures));
    await archive.destroy(call.id);
    const record = call.destroyed({ status, savingState, health });
    await journal.record(call, { type: 'recordingDestroyed', record });
    this.#verdicts.delete(call.id);
  }

  /** A verdict that cannot be had is not waited for forever. */
  async #assess(
    call: Call,
    failures: number,
    finished?: FinishedRecording,
  ): Promise<CallHealth | null> {
    const known = this.#verdicts.get(call.id);
    if (known) return known;
    try {
      const health = await this.#ports.assess(call, finished);
      this.#verdicts.set(call.id, health);
      return health;
    } catch (cause) {
      if (failures < MAX_ASSESSMENTS) throw cause;
      return null;
    }
  }
}
