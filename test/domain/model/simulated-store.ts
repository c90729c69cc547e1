import { partsInOrder } from '../../../src/domain/call/dialogue.ts';
import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../../src/domain/model/errors.ts';
import type { SessionRecord } from '../../../src/domain/model/recording-session.ts';
import { RecordingState } from '../../../src/domain/model/recording-state.ts';
import type { TrackRecord } from '../../../src/domain/model/track.ts';
import type { Doubtful } from '../../../src/domain/ports/event-store.ts';
import type { Change, Store } from '../../../src/domain/ports/store.ts';

/** What the next commit of a call's state runs into. */
export type StoreFault = 'fails' | 'answerLost' | 'crashesBefore' | 'crashesAfter';

/** Ways in which a store's answers break the dialogue: the model must notice each of them. */
export type StoreBreakage =
  | 'deleteOfLastPartOnly'
  | 'startNotInherited'
  | 'pauseNotInherited'
  | 'intentsForgottenByCrash'
  | 'startBelievedAfterCrash';

const unsettled: readonly string[] = ['live', 'finishing', 'deleting'];

/** Rows that outlive the process; commits that fail, or in the middle of which the process ends. */
export class SimulatedStore {
  readonly calls = new Map<string, CallRecord>();
  readonly sessionRows = new Map<string, SessionRecord>();
  /** Calls whose keys are destroyed. */
  readonly destroyed = new Set<string>();
  readonly #tracks = new Map<string, TrackRecord>();
  fault: StoreFault | undefined;
  /** No commit is taken, as behind an answer that was lost. */
  isAway = false;
  onCrash: () => void = () => undefined;
  /** Commits wait for it. */
  #hanging: Promise<void> | undefined;

  /** The store as one process sees it: what that process does after its end is not done. */
  connect(breakage: string | undefined): { port: Store; disconnect(): void } {
    const connection = new Connection(this, breakage);
    // What no rule of a call reads is not there.
    return {
      port: connection as unknown as Store,
      disconnect: () => {
        connection.alive = false;
      },
    };
  }

  /** Until the returned function is called no commit gets an answer. */
  hang(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hanging = promise;
    return () => {
      this.#hanging = undefined;
      resolve();
    };
  }

  async commit(change: Change): Promise<void> {
    await this.#hanging;
    this.mustNotBeAway();
    const fault = change.call ? this.fault : undefined;
    if (fault) this.fault = undefined;
    if (fault === 'fails') throw new Error('told to fail');
    if (fault === 'crashesBefore') return this.#crash();
    if (change.call) this.calls.set(change.call.id, change.call);
    for (const track of change.tracks ?? []) {
      this.#tracks.set(`${track.callId} ${track.track}`, track);
    }
    for (const session of change.sessions ?? []) this.sessionRows.set(session.id, session);
    if (fault === 'crashesAfter') return this.#crash();
    if (fault === 'answerLost') {
      this.isAway = true;
      throw new OutcomeUnknownError('told to be lost');
    }
  }

  mustNotBeAway(): void {
    if (this.isAway) throw new StoreUnavailableError('told to be away');
  }

  tracks(callId: string): TrackRecord[] {
    return [...this.#tracks.values()].filter((track) => track.callId === callId);
  }

  /** The process ends here: nobody hears of the commit any more. */
  #crash(): Promise<void> {
    this.onCrash();
    return new Promise(() => undefined);
  }
}

class Connection {
  alive = true;
  readonly #store: SimulatedStore;
  readonly #breakage: string | undefined;

  constructor(store: SimulatedStore, breakage: string | undefined) {
    this.#store = store;
    this.#breakage = breakage;
  }

  commit(change: Change): Promise<void> {
    return this.#ask(() => this.#store.commit(change));
  }

  takeBack({ neverBegan }: Doubtful): Promise<void> {
    return this.#ask(() => {
      this.#store.mustNotBeAway();
      if (neverBegan !== undefined) this.#store.calls.delete(neverBegan);
    });
  }

  unsettledCalls(): Promise<CallRecord[]> {
    const statuses = this.#breakage === 'intentsForgottenByCrash' ? ['live'] : unsettled;
    return this.#ask(() =>
      [...this.#store.calls.values()]
        .filter(({ status }) => statuses.includes(status))
        .map((call) =>
          this.#breakage === 'startBelievedAfterCrash' ? { ...call, openConfirmed: true } : call,
        ),
    );
  }

  lastCall(correlationId: string): Promise<CallRecord | undefined> {
    return this.#ask(() => {
      const [last] = [...this.#store.calls.values()]
        .filter((call) => call.correlationId === correlationId)
        .sort((a, b) => b.dialogue.part - a.dialogue.part);
      return last && this.#broken(last);
    });
  }

  dialogueParts(of: CallRecord): Promise<CallRecord[]> {
    return this.#ask(() => {
      const all = [...this.#store.calls.values()].filter(
        (call) =>
          call.correlationId === of.correlationId &&
          (this.#breakage !== 'deleteOfLastPartOnly' || call.id === of.id),
      );
      return partsInOrder(all, of.dialogue.firstPart);
    });
  }

  call(id: string): Promise<CallRecord | undefined> {
    return this.#ask(() => this.#store.calls.get(id));
  }

  segments(callId: string): Promise<{ wrappedKey: Buffer | null }[]> {
    const wrappedKey = this.#store.destroyed.has(callId) ? null : Buffer.alloc(1);
    return this.#ask(() => [{ wrappedKey }]);
  }

  sessions(): Promise<SessionRecord[]> {
    return this.#ask(() => [...this.#store.sessionRows.values()]);
  }

  endSession(id: string): Promise<void> {
    return this.#ask(() => void this.#store.sessionRows.delete(id));
  }

  tracks(callId: string): Promise<TrackRecord[]> {
    return this.#ask(() => this.#store.tracks(callId));
  }

  lastSequences(): Promise<Map<string, number>> {
    return this.#ask(() => new Map());
  }

  lastPosition(): Promise<number> {
    return this.#ask(() => 0);
  }

  uccs(): Promise<[]> {
    return this.#ask((): [] => []);
  }

  #broken(last: CallRecord): CallRecord {
    if (this.#breakage === 'startNotInherited') {
      return { ...last, dialogue: { ...last.dialogue, startCommanded: false } };
    }
    if (this.#breakage === 'pauseNotInherited' && last.recordingState === RecordingState.Paused) {
      return { ...last, recordingState: RecordingState.Started };
    }
    return last;
  }

  async #ask<Answer>(look: () => Answer | Promise<Answer>): Promise<Answer> {
    if (!this.alive) return new Promise(() => undefined);
    const answer = await look();
    return this.alive ? answer : new Promise(() => undefined);
  }
}
