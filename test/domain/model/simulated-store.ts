import type { Change, Store } from '../../../src/domain/ports.ts';
import type { CallRecord, SessionRecord, TrackRecord } from '../../../src/domain/records.ts';

/** What the next commit of a call's state runs into. */
export type StoreFault = 'fails' | 'crashesBefore' | 'crashesAfter';

/** Rows that outlive the process; commits that fail, or in the middle of which the process ends. */
export class SimulatedStore {
  readonly calls = new Map<string, CallRecord>();
  readonly sessionRows = new Map<string, SessionRecord>();
  readonly #tracks = new Map<string, TrackRecord>();
  fault: StoreFault | undefined;
  onCrash: () => void = () => undefined;

  /** As the domain sees it; what no rule of a call reads is not there. */
  get port(): Store {
    return this as unknown as Store;
  }

  async commit(change: Change): Promise<void> {
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
  }

  async unsettledCalls(): Promise<CallRecord[]> {
    return [...this.calls.values()].filter(({ status }) => status === 'live');
  }

  async lastCall(correlationId: string): Promise<CallRecord | undefined> {
    return [...this.calls.values()].filter((call) => call.correlationId === correlationId).at(-1);
  }

  async sessions(): Promise<SessionRecord[]> {
    return [...this.sessionRows.values()];
  }

  async endSession(id: string): Promise<void> {
    this.sessionRows.delete(id);
  }

  async tracks(callId: string): Promise<TrackRecord[]> {
    return [...this.#tracks.values()].filter((track) => track.callId === callId);
  }

  async lastSequences(): Promise<Map<string, number>> {
    return new Map();
  }

  async uccs(): Promise<[]> {
    return [];
  }

  /** The process ends here: nobody hears of the commit any more. */
  #crash(): Promise<void> {
    this.onCrash();
    return new Promise(() => undefined);
  }
}
