import type { Archive, FinishedRecording } from './archive-port.ts';
import type { CallHealth } from './assurance.ts';
import type { Call } from './call.ts';
import type { CallRegistry } from './call-registry.ts';
import type { Alarm } from './events.ts';
import { gapSummary } from './gap-map.ts';
import type { Journal } from './journal.ts';
import type { AlarmSink, Clock, Recorder } from './ports.ts';
import { SavingState } from './recording-state.ts';
import type { UccRegistry } from './ucc-registry.ts';

export interface EndingPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly archive: Archive;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  readonly limits: {
    readonly mediaTimeoutMs: number;
    /** A client that was asked to send nothing while a call is paused sends nothing. */
    readonly twoSidedPause: boolean;
  };
  /** Judges a call that has ended: by its audio, or, where it is not kept, by what came. */
  assess(call: Call, finished?: FinishedRecording): Promise<CallHealth>;
  /** Ends recording sessions from our side; each of them leaves its call then. */
  hangUp(sessionIds: readonly string[]): void;
}

/** Ends calls, and settles what becomes of their audio. */
export class CallEnding {
  readonly #ports: EndingPorts;
  readonly #settling = new Set<Promise<void>>();
  readonly #mediaTimers = new Map<string, NodeJS.Timeout>();

  constructor(ports: EndingPorts) {
    this.#ports = ports;
  }

  /** In the call's turn; its streams have been closed. The audio is settled behind it. */
  async end(call: Call): Promise<void> {
    this.mediaReturned(call);
    call.ended = true;
    const record = call.next({ endedAt: this.#ports.clock.now() });
    try {
      await this.#ports.journal.record(call, { type: 'callEnded', record });
    } catch (cause) {
      call.accept(record);
      this.#ports.alarms.raise(storeAlarm(call, cause));
    }
    this.#ports.calls.remove(call);
    this.#ports.recorder.endCall(call.id);
    this.settleLater(call);
  }

  settleLater(call: Call): void {
    const settling = this.#settle(call)
      .catch((cause) => this.#ports.alarms.raise(storeAlarm(call, cause)))
      .finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  /** Resolves when every call that has ended has become kept, destroyed or empty. */
  async settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.all(this.#settling);
  }

  /** A restored call ends when no media comes back to it in time. */
  awaitMedia(call: Call): void {
    const timer = setTimeout(() => {
      this.#mediaTimers.delete(call.id);
      void call.queue.run(async () => {
        if (call.ended) return;
        if (call.sessions.size === 0) await this.end(call);
        else if (!this.#mayBeSilent(call)) this.#ports.hangUp([...call.sessions]);
      });
    }, this.#ports.limits.mediaTimeoutMs);
    this.#mediaTimers.set(call.id, timer);
  }

  /** Nothing is expected from a client that holds: that it lives, its session timer tells. */
  #mayBeSilent(call: Call): boolean {
    return call.pauses.has('hold') || (this.#ports.limits.twoSidedPause && !call.keeps);
  }

  mediaReturned(call: Call): void {
    clearTimeout(this.#mediaTimers.get(call.id));
    this.#mediaTimers.delete(call.id);
  }

  abandon(): void {
    for (const timer of this.#mediaTimers.values()) clearTimeout(timer);
    this.#mediaTimers.clear();
  }

  /**
   * Carries out the saving flag. Repeatable: a crash anywhere in it is settled again at the next
   * start.
   */
  async #settle(call: Call): Promise<void> {
    const { archive, journal, uccs } = this.#ports;
    const saveByDefault = uccs.get(call.uccName)?.saveRecordingByDefault ?? true;
    const { savingState, recorded, legalHold } = call.record;
    const keep =
      legalHold !== null ||
      savingState === SavingState.Save ||
      (savingState === SavingState.None && saveByDefault);
    if (recorded && keep) {
      const finished = await archive.finish(call.id);
      const { lengthMs, gaps, tracks } = finished;
      const health = await this.#ports.assess(call, finished);
      const summary = gapSummary(gaps, tracks);
      const record = call.next({ status: 'kept', lengthMs, gaps: summary, health });
      await journal.record(call, { type: 'recordingSaved', record, extra: { gaps, tracks } });
      return;
    }
    const health = await this.#ports.assess(call);
    await archive.destroy(call.id);
    const record = call.next({ status: recorded ? 'destroyed' : 'empty', health });
    await journal.record(call, { type: 'recordingDestroyed', record });
  }
}

export function storeAlarm(call: Call, cause: unknown): Omit<Alarm, 'at'> {
  const { id: callId, correlationId, uccName } = call;
  const detail = cause instanceof Error ? cause.message : 'unknown failure';
  return { kind: 'storeFailed', callId, correlationId, uccName, detail };
}
