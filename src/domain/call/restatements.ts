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

/** What the store may say of a call, and is not so. */
interface Untold {
  readonly call: Call;
  readonly doubtful: RecordingEvent[];
  /** It became what the store was never told: whoever listens is to hear of it. */
  isNews: boolean;
}

/**
 * Tells the store again what a call is, where a commit of it failed or its answer was lost, until
 * the store has it; what such a commit wrote all the same is taken back. Meanwhile the call is what
 * this process says: nothing was opened by it, and whatever it shut is shut.
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
    // In a turn behind the one that it came of.
    void this.#intents.run(call.id);
  }

  /** The store is there again: nobody waits for the next attempt. */
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
    // How it ends is told by its settlement, again and again.
    if (!call.ended && call.record.version > 1) {
      const action = isNews ? actionOf(call) : undefined;
      await journal.record(call, {
        ...{ type: 'recordingStateChanged', record: call.restated() },
        ...(action === undefined ? {} : { action }),
      });
      untold.isNews = false;
    }
    // Behind the row: no session that still has it locked adds to its history any more.
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

/** Nobody commanded it, and whoever listens is told all the same. */
function actionOf({ recordingState }: Call): StateAction | undefined {
  if (recordingState === RecordingState.Paused) return StateAction.Pause;
  return recordingState === RecordingState.Stopped ? StateAction.Stop : undefined;
}

function doubtfulOf(call: Call, events: readonly RecordingEvent[]): Doubtful {
  const neverBegan = call.ended && call.record.version === 1 ? call.id : undefined;
  return { events, neverBegan };
}
