import type { Call } from '../call/call.ts';
import type { Journal } from '../call/journal.ts';
import type { CallHealth } from '../model/call-health.ts';
import type { SavingState } from '../model/recording-state.ts';
import type { Archive, ErasableArchive, FinishedRecording } from '../ports/archive.ts';
import { gapSummary } from '../recording/gap-map.ts';

export interface RecordingFatePorts {
  readonly archive: Archive & Pick<ErasableArchive, 'interrupt'>;
  readonly journal: Journal;
  /** Judges a call that has ended: by its audio, or by its arrival where no audio is kept. */
  assess(call: Call, finished?: FinishedRecording): Promise<CallHealth>;
}

/** A pending decision, and how often it has failed in a row. */
interface Order {
  /** The dialogue's flag, which the recording has as its own from then on. */
  readonly savingState: SavingState;
  readonly failures: number;
}

/** After this many failures an assessment no longer delays settling a recording. */
const MAX_ASSESSMENTS = 3;

/** Keeps or destroys the recording of a call that has ended. Each step may be repeated. */
export class RecordingFate {
  readonly #ports: RecordingFatePorts;
  /** Verdicts of calls whose settlement is not committed yet: a call is judged once. */
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

  /** Makes the recording inaccessible; its keys are still there. */
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

  /** Gives up on a verdict that repeatedly fails. */
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
