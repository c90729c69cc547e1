import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Entry } from '../call/journal.ts';
import { Intents } from '../common/intents.ts';
import type { Moments } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import { SavingState } from '../model/recording-state.ts';
import type { AlarmSink, OpenAlarms } from '../ports/alarm-sink.ts';
import type { Recorder } from '../ports/recorder.ts';
import type { Store } from '../ports/store.ts';
import type { RecordingLock } from '../recording/recording-lock.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { RecordedFacts } from './recorded-facts.ts';
import { RecordingFate, type RecordingFatePorts } from './recording-fate.ts';
import { type Fate, fateOf, graceMs, type SettlementLimits } from './settlement-plan.ts';
import { UnsettledCalls } from './unsettled-calls.ts';

export interface SettlementPorts extends RecordingFatePorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Pick<Recorder, 'endCall'>;
  readonly store: Pick<Store, 'lastCall' | 'dialogueParts' | 'segments'>;
  readonly kept: Pick<RecordingLock, 'ended'>;
  readonly alarms: AlarmSink & OpenAlarms;
  readonly moments: Moments;
  readonly facts: Pick<RecordedFacts, 'told'>;
  readonly limits: SettlementLimits;
}

/** An end that is not durable yet, or audio that is still being written. */
interface Ending {
  readonly call: Call;
  /** Undefined once it is committed. */
  entry: Entry | undefined;
  readonly written: Promise<void>;
}

/** The parts of a call's dialogue that matter to one of them. */
interface Dialogue {
  readonly parts: readonly CallRecord[];
  readonly newest: CallRecord;
  /** True when a part of it is in progress. */
  readonly isLive: boolean;
}

/**
 * Carries out decisions on calls that have ended, until they succeed: ending, keeping or destroying
 * them. The call's status in its row holds the pending work, so that a process that ends leaves it
 * to the next one. A failed step is retried within seconds, and an alarm stays open meanwhile
 * (docs/decisions/0020).
 */
export class CallSettlement {
  readonly #ports: SettlementPorts;
  readonly #fate: RecordingFate;
  readonly #intents: Intents;
  readonly #endings = new Map<string, Ending>();
  readonly #unsettled = new UnsettledCalls();
  #stopping = false;

  constructor(ports: SettlementPorts) {
    this.#ports = ports;
    this.#fate = new RecordingFate(ports);
    this.#intents = new Intents({
      attempt: (id, failures) => this.#attempt(id, failures),
      onFailed: (id, cause) => this.#failed(id, cause),
      onSucceeded: (id) => ports.alarms.close(id, 'settlementFailed'),
    });
  }

  /** Returns the status that a call gets when it ends now. */
  statusAtEnd(record: CallRecord): 'finishing' | 'deleting' {
    return this.#fateOf(record, record.savingState) === 'destroy' ? 'deleting' : 'finishing';
  }

  /**
   * Ends a call after its last recording session: in its turn, once its streams are closed.
   * Resolves when the end is durable, or has failed once.
   */
  async end(call: Call, entry: Entry): Promise<void> {
    const { journal, recorder, alarms } = this.#ports;
    const { correlationId, uccName, id: callId } = call;
    // Unwritten audio is lost; written audio is kept or destroyed all the same.
    const written = Promise.resolve(recorder.endCall(callId)).catch((cause: unknown) => {
      const detail = `the end of its audio was not written: ${messageOf(cause)}`;
      alarms.raise({ kind: 'storageFailed', callId, correlationId, uccName, detail });
    });
    const ending: Ending = { call, entry, written };
    this.#endings.set(callId, ending);
    this.#unsettled.add(call.record);
    try {
      await journal.record(call, entry);
      ending.entry = undefined;
    } catch (cause) {
      call.accept(entry.record);
      this.#failed(callId, cause);
    }
  }

  settle(record: Pick<CallRecord, 'id' | 'correlationId' | 'uccName'>): Promise<void> {
    this.#unsettled.add(record);
    return this.#intents.run(record.id);
  }

  /** Continues pending work once no part of the correlation id is in progress. */
  resume(correlationId: string): void {
    for (const id of this.#unsettled.idsOf(correlationId)) void this.#intents.run(id);
  }

  /**
   * Applies a Save or Delete of the dialogue to each of its ended parts. Resolves when each was
   * tried once.
   */
  async reconsider(record: CallRecord): Promise<void> {
    const { dialogue, id } = record;
    if (dialogue.part === dialogue.firstPart) return;
    const parts = await this.#ports.store.dialogueParts(record);
    const ended = parts.filter((part) => part.id !== id && isUndecided(part));
    await Promise.all(ended.map((part) => this.settle(part)));
  }

  holdPlaced(callId: string): void {
    if (this.#unsettled.namesOf(callId)) void this.#intents.run(callId);
  }

  /** Returns the newest part of the correlation id, from this process or the store. */
  async lastPart(correlationId: string): Promise<CallRecord | undefined> {
    const stored = await this.#ports.store.lastCall(correlationId);
    const part = stored?.dialogue.part ?? -1;
    const here = [...this.#endings.values()].filter(
      ({ call, entry }) => entry && call.correlationId === correlationId,
    );
    return (
      here.map(({ call }) => call.record).find(({ dialogue }) => dialogue.part >= part) ?? stored
    );
  }

  /** Returns the true record, even if the store could not be told yet. */
  trueRecord(record: CallRecord): CallRecord {
    const ending = this.#endings.get(record.id);
    return ending?.entry ? ending.call.record : record;
  }

  /** Carries out work that need not wait; the rest is left to the next start. */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#intents.close(this.#ports.limits.deleteGraceMs);
  }

  abandon(): void {
    this.#intents.abandon();
  }

  async #attempt(callId: string, failures: number): Promise<number | undefined> {
    const { journal, kept } = this.#ports;
    const ending = this.#endings.get(callId);
    if (ending?.entry) {
      await journal.record(ending.call, ending.entry);
      ending.entry = undefined;
    }
    await ending?.written;
    await this.#ports.facts.told(callId);
    const waitMs = await kept.ended(callId, (call) => this.#settle(call, failures));
    this.#endings.delete(callId);
    if (waitMs === undefined) this.#unsettled.remove(callId);
    return waitMs;
  }

  async #settle(call: Call, failures: number): Promise<number | undefined> {
    const { record } = call;
    if (!isUndecided(record)) return undefined;
    const dialogue = await this.#dialogueOf(record);
    if (record.endedAt === null) return undefined;
    const { savingState } = dialogue.newest;
    // A kept recording stays kept unless commanded otherwise, even if its UCC's default changes.
    if (record.status === 'kept' && savingState === SavingState.None) return undefined;
    const fate = this.#fateOf(record, savingState);
    const order = { savingState, failures };
    if (fate === 'empty') await this.#fate.destroy(call, 'empty', order);
    else if (fate === 'keep' && !(await this.#isGone(record))) await this.#fate.keep(call, order);
    else {
      if (record.status !== 'deleting') await this.#fate.condemn(call, savingState);
      const waitMs = this.#waitMs(record, dialogue);
      if (waitMs > 0) return waitMs;
      await this.#othersDecided(record, dialogue);
      await this.#fate.destroy(call, 'destroyed', order);
    }
    return undefined;
  }

  /** Returns the wait before destruction; a part of the dialogue in progress must end first. */
  #waitMs(record: CallRecord, { newest, isLive }: Dialogue): number {
    const { moments, limits, calls } = this.#ports;
    if (isLive || calls.byCorrelationId(record.correlationId)) return Infinity;
    const waitMs = graceMs(newest, moments.moment(), limits);
    // No Save can reach a stopping Hush, so an ordered Delete is carried out before it stops.
    return this.#stopping && newest.savingState === SavingState.Delete ? 0 : waitMs;
  }

  /** Returns true when keys were destroyed before a Save: its remains are destroyed as well. */
  async #isGone({ id, status }: CallRecord): Promise<boolean> {
    if (status !== 'deleting') return false;
    const segments = await this.#ports.store.segments(id);
    return segments.length > 0 && segments.every(({ wrappedKey }) => wrappedKey === null);
  }

  /**
   * Waits for the other parts: the newest part decides for them, so that it is not finished before
   * they know, or a crash would lose the decision.
   */
  async #othersDecided(record: CallRecord, { parts, newest }: Dialogue): Promise<void> {
    if (record.id !== newest.id || newest.savingState !== SavingState.Delete) return;
    const left = parts.filter(
      (part) =>
        part.id !== record.id &&
        part.status === 'kept' &&
        this.#fateOf(part, newest.savingState) === 'destroy',
    );
    if (left.length === 0) return;
    for (const part of left) void this.settle(part);
    throw new Error('earlier parts of the dialogue are to be destroyed first');
  }

  async #dialogueOf(record: CallRecord): Promise<Dialogue> {
    const stored = await this.#ports.store.dialogueParts(record);
    const parts = stored.map((part) => this.trueRecord(part));
    const live = this.#ports.calls.byCorrelationId(record.correlationId)?.record;
    const isLive = live?.dialogue.firstPart === record.dialogue.firstPart && live.version > 1;
    const newest = isLive ? live : (parts.at(-1) ?? record);
    return { parts, newest, isLive };
  }

  #fateOf(record: CallRecord, savingState: SavingState): Fate {
    const rules = this.#ports.uccs.rulesOfAll(record.dialogue.uccs);
    return fateOf(record, savingState, rules?.saveRecordingByDefault ?? true);
  }

  #failed(callId: string, cause: unknown): void {
    const names = this.#unsettled.namesOf(callId);
    const detail = `it is tried again: ${messageOf(cause)}`;
    if (names) this.#ports.alarms.open({ kind: 'settlementFailed', callId, ...names, detail });
  }
}

/** Returns true while a Save or Delete may still change it. */
function isUndecided({ status }: CallRecord): boolean {
  return status !== 'destroyed' && status !== 'empty';
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown failure';
}
