import { Intents } from '../common/intents.ts';
import { StoreUnavailableError } from '../model/errors.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Change, Store } from '../ports/store.ts';

export interface RecordedFactsPorts {
  readonly store: Pick<Store, 'commit'>;
  readonly alarms: AlarmSink;
}

/** Returns the fact in its state at the time of writing. */
type Fact = () => Pick<Change, 'segments' | 'tracks'>;

/**
 * Facts that hold whatever the store says: a call's segments and their keys, and the results of its
 * tracks. They are written to the store until it succeeds: audio without a key is lost.
 */
export class RecordedFacts {
  readonly #ports: RecordedFactsPorts;
  /** By call and subject: a later fact replaces the earlier one. */
  readonly #untold = new Map<string, Map<string, Fact>>();
  readonly #intents: Intents;

  constructor(ports: RecordedFactsPorts) {
    this.#ports = ports;
    this.#intents = new Intents({
      attempt: (callId) => this.#tell(callId),
      onFailed: (callId, cause) => this.#failed(callId, cause),
      onSucceeded: () => undefined,
    });
  }

  /**
   * Resolves when the store has the facts, or has failed once.
   * @param facts by subject
   */
  tell(callId: string, facts: Readonly<Record<string, Fact>>): Promise<void> {
    const untold = this.#untold.get(callId) ?? new Map<string, Fact>();
    this.#untold.set(callId, untold);
    for (const [about, fact] of Object.entries(facts)) untold.set(about, fact);
    return this.#intents.run(callId);
  }

  /** Resolves when all facts of the call are stored. @throws StoreUnavailableError on failure */
  async told(callId: string): Promise<void> {
    if (!this.#untold.has(callId)) return;
    await this.#intents.run(callId);
    if (this.#untold.has(callId)) {
      throw new StoreUnavailableError('what was recorded could not be told to the store');
    }
  }

  retryNow(): void {
    for (const callId of this.#untold.keys()) void this.#intents.run(callId);
  }

  /** Tries the remaining facts once more. */
  async close(): Promise<void> {
    await this.#intents.close(Number.POSITIVE_INFINITY);
  }

  async #tell(callId: string): Promise<undefined> {
    const untold = this.#untold.get(callId);
    if (!untold) return;
    const facts = [...untold];
    const changes = facts.map(([, fact]) => fact());
    const segments = changes.flatMap((change) => change.segments ?? []);
    const tracks = changes.flatMap((change) => change.tracks ?? []);
    // The first row of a segment carries its key, without which its audio is lost.
    const mayWait = tracks.length === 0 && segments.every(({ closedBy }) => closedBy !== null);
    await this.#ports.store.commit({ segments, tracks, mayWait });
    for (const [about, fact] of facts) if (untold.get(about) === fact) untold.delete(about);
    if (untold.size === 0) this.#untold.delete(callId);
  }

  #failed(callId: string, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : 'unknown failure';
    const detail = `what was recorded is told again: ${why}`;
    this.#ports.alarms.raise({ kind: 'storeFailed', callId, detail });
  }
}
