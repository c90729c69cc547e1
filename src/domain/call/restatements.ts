import { Intents } from '../common/intents.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import { RecordingState, StateAction } from '../model/recording-state.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Doubtful } from '../ports/event-store.ts';
import type { Store } from '../ports/store.ts';
import type { Call } from './call.ts';
import type { Journal } from './journal.ts';

export interface RestatementPorts {
  readonly store: Pick<Store, 'takeBack'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly alarms: AlarmSink;
}

/** State that the store may hold although it is not true. */
interface Untold {
  readonly call: Call;
  readonly doubtful: RecordingEvent[];
  /** True when the call took a state the store was never told: listeners must hear of it. */
  isNews: boolean;
}

/**
 * Writes a call's true state to the store again after a commit failed or its answer was lost, until
 * it succeeds, and takes back anything such a commit did write. Meanwhile this process decides: the
 * commit opened no gate, and a gate it shut is shut.
 */
export class Restatements {
  readonly #ports: RestatementPorts;
  readonly #untold = new Map<string, Untold>();
  readonly #intents: Intents;

  constructor(ports: RestatementPorts) {
    this.#ports = ports;
    this.#intents = new Intents({
      attempt: (callId) => this.#attempt(callId),
      onFailed: (callId, cause) => this.#failed(callId, cause),
      onSucceeded: () => undefined,
    });
  }

  add(call: Call, doubtful: readonly RecordingEvent[]): void {
    const known = this.#untold.get(call.id);
    const untold = known ?? { call, doubtful: [], isNews: false };
    this.#untold.set(call.id, untold);
    untold.doubtful.push(...doubtful);
    untold.isNews ||= doubtful.length === 0;
    // Runs in a later turn than the failed commit.
    void this.#intents.run(call.id);
  }

  /** Retries at once because the store is back. */
  retryNow(): void {
    for (const callId of this.#untold.keys()) void this.#intents.run(callId);
  }

  abandon(): void {
    this.#intents.abandon();
  }

  async #attempt(callId: string): Promise<undefined> {
    const untold = this.#untold.get(callId);
    if (untold) await untold.call.queue.run(() => this.#restate(untold));
  }

  async #restate(untold: Untold): Promise<void> {
    const { journal, store } = this.#ports;
    const { call, doubtful, isNews } = untold;
    const told = [...doubtful];
    // The end of a call is reported by its settlement, which retries by itself.
    if (!call.ended && call.record.version > 1) {
      const action = isNews ? actionOf(call) : undefined;
      await journal.record(call, {
        type: 'recordingStateChanged',
        record: call.restated(),
        ...(action === undefined ? {} : { action }),
      });
      untold.isNews = false;
    }
    // Follows the row: no session that still locks it can add to its history any more.
    if (told.length > 0) await store.takeBack(doubtfulOf(call, told));
    doubtful.splice(0, told.length);
    if (doubtful.length === 0) this.#untold.delete(call.id);
  }

  #failed(callId: string, cause: unknown): void {
    const call = this.#untold.get(callId)?.call;
    if (!call) return;
    const { correlationId, uccName } = call;
    const why = cause instanceof Error ? cause.message : 'unknown failure';
    const detail = `its state could not be told, and is told again: ${why}`;
    this.#ports.alarms.raise({ kind: 'storeFailed', callId, correlationId, uccName, detail });
  }
}

/** Listeners are told although no command caused the change. */
function actionOf({ recordingState }: Call): StateAction | undefined {
  if (recordingState === RecordingState.Paused) return StateAction.Pause;
  return recordingState === RecordingState.Stopped ? StateAction.Stop : undefined;
}

function doubtfulOf(call: Call, events: readonly RecordingEvent[]): Doubtful {
  const neverBegan = call.ended && call.record.version === 1 ? call.id : undefined;
  return { events, neverBegan };
}
