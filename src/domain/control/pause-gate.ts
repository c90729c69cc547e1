import type { Call, ControlChanges } from '../call/call.ts';
import type { Entry, Journal } from '../call/journal.ts';
import type { CallRecord } from '../model/call-record.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../model/errors.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import { RecordingState, StateAction } from '../model/recording-state.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { Clock } from '../ports/clock.ts';
import type { FenceReceipt, Recorder, ShutOrder } from '../ports/recorder.ts';

export interface PauseGatePorts {
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
}

/** A fence taken before its command's turn, without waiting for any commit. */
export interface EarlyFence {
  readonly receipt: Promise<FenceReceipt>;
  /** `Call.openings` at that moment: a gate opened since must be shut again. */
  readonly openings: number;
}

/** A change that took effect. */
export interface Effect {
  readonly event: RecordingEvent;
  readonly effectiveAt: number;
}

/**
 * The two orders in which a call's gate and its durable state change (docs/decisions/0002), each in
 * the call's turn. Any failure on the way leaves the gate shut.
 *
 *   shut:  fence --> commit --> answer        open:  commit --> fence --> confirm --> answer
 */
export class PauseGate {
  readonly #ports: PauseGatePorts;

  constructor(ports: PauseGatePorts) {
    this.#ports = ports;
  }

  /** Commits a change that does not affect the gate. */
  async note(call: Call, entryOf: (receipt: FenceReceipt) => Entry): Promise<Effect> {
    const effectiveAt = this.#ports.clock.now();
    const entry = entryOf({ effectiveAt, streams: [] });
    return { event: await this.#ports.journal.record(call, entry), effectiveAt };
  }

  /** Ends one pause while others hold: no gate opens, and it is confirmed as if one did. */
  async lift(call: Call, entryOf: (receipt: FenceReceipt) => Entry): Promise<Effect> {
    const { journal, clock } = this.#ports;
    const effectiveAt = clock.now();
    const entry = entryOf({ effectiveAt, streams: [] });
    const event = await journal.record(call, unconfirmed(entry));
    await journal.confirmOpen(call, event, undefined).catch((cause) => this.alarm(call, cause));
    return { event, effectiveAt };
  }

  /**
   * Takes a shutting command's fence ahead of its turn, because earlier commands may be waiting for
   * the store. Returns undefined when no command is before it.
   */
  early(call: Call, order: ShutOrder): EarlyFence | undefined {
    if (call.queue.idle) return undefined;
    const receipt = this.#shut(call, order);
    // The failure is reported when the turn comes.
    receipt.catch(() => undefined);
    return { receipt, openings: call.openings };
  }

  /** Reverses an early fence in the call's turn, when its command failed: recording resumes. */
  async regret(call: Call, early: EarlyFence): Promise<void> {
    if (call.ended || !call.keeps || early.openings !== call.openings) return;
    await early.receipt.catch(() => undefined);
    try {
      await this.#open(call);
    } catch (cause) {
      this.alarm(call, cause);
      await this.#takeBack(call, { recordingState: RecordingState.Paused });
    }
  }

  /**
   * @param inDoubt the call's state when a stream does not confirm or the store fails
   * @throws FenceTimeoutError, or the store's error: the gate is shut all the same
   */
  async shut(
    call: Call,
    order: ShutOrder & { readonly early?: EarlyFence | undefined },
    change: { entryOf(receipt: FenceReceipt): Entry; readonly inDoubt: ControlChanges },
  ): Promise<Effect> {
    try {
      const receipt = await this.#shut(call, order);
      const event = await this.#ports.journal.record(call, change.entryOf(receipt));
      return { event, effectiveAt: receipt.effectiveAt };
    } catch (cause) {
      await this.#staysShut(call, change.inDoubt, cause);
      throw cause;
    }
  }

  /**
   * @param takenBack the call's state when a stream does not confirm
   * @param askedAtMs when it was asked for, on the recorder's clock; omitted: now
   * @throws FenceTimeoutError, or the store's error: the gate is shut again
   */
  async open(
    call: Call,
    change: {
      entryOf(receipt: FenceReceipt): Entry;
      readonly takenBack: ControlChanges;
      readonly askedAtMs?: number;
    },
  ): Promise<Effect> {
    const { journal, clock } = this.#ports;
    const provisional = { effectiveAt: clock.now(), streams: [] };
    const event = await journal.commit(call, unconfirmed(change.entryOf(provisional)));
    let receipt: FenceReceipt;
    try {
      receipt = await this.#open(call, change.askedAtMs);
    } catch (cause) {
      journal.publish(event);
      await this.#takeBack(call, change.takenBack);
      throw cause;
    }
    journal.publish(event);
    const { detail } = change.entryOf(receipt);
    // It is committed and in effect. If the store fails now, and the process ends before it is
    // back, the call stays paused.
    await journal.confirmOpen(call, event, detail).catch((cause) => this.alarm(call, cause));
    return { event, effectiveAt: receipt.effectiveAt };
  }

  /** Accepts a state that the store could not record; it is stored later. */
  acceptUntold(call: Call, record: CallRecord): void {
    this.#ports.journal.acceptUntold(call, record);
  }

  alarm(call: Call, cause: unknown): void {
    const fence = cause instanceof Error && cause.name === 'FenceTimeoutError';
    this.#ports.alarms.raise({
      kind: fence ? 'fenceTimeout' : 'storeFailed',
      callId: call.id,
      correlationId: call.correlationId,
      uccName: call.uccName,
      detail: cause instanceof Error ? cause.message : 'unknown failure',
    });
  }

  #open(call: Call, askedAtMs?: number): Promise<FenceReceipt> {
    call.openings += 1;
    return this.#ports.recorder.open(call.id, askedAtMs);
  }

  #shut(
    call: Call,
    { early, ...order }: ShutOrder & { readonly early?: EarlyFence | undefined },
  ): Promise<FenceReceipt> {
    if (early?.openings === call.openings) return early.receipt;
    const { predecessors } = call;
    return this.#ports.recorder.shut(call.id, { ...order, predecessors });
  }

  /** Revokes a published event by another event, so that no listener relies on it. */
  async #takeBack(call: Call, takenBack: ControlChanges): Promise<void> {
    const record = call.controlled({ ...takenBack, pauseConfirmed: false });
    const action = 'recordingState' in takenBack ? { action: StateAction.Pause } : {};
    const entry = { type: 'recordingStateChanged', record, ...action } as const;
    try {
      await this.#ports.journal.record(call, entry);
    } catch (cause) {
      this.#ports.journal.acceptUntold(call, record);
      this.alarm(call, cause);
    }
  }

  /** Records that the gate is shut, confirmed or not, even when the store does not answer. */
  async #staysShut(call: Call, inDoubt: ControlChanges, cause: unknown): Promise<void> {
    const record = call.controlled({ ...inDoubt, pauseConfirmed: false });
    try {
      // The caller has already waited the full time for the store.
      if (isOfStore(cause)) throw cause;
      await this.#ports.journal.record(call, { type: 'recordingStateChanged', record });
    } catch {
      this.#ports.journal.acceptUntold(call, record);
    }
  }
}

function isOfStore(cause: unknown): boolean {
  return cause instanceof StoreUnavailableError || cause instanceof OutcomeUnknownError;
}

/**
 * Marks the entry unconfirmed: a process that takes up the call opens only after a later commit.
 */
function unconfirmed(entry: Entry): Entry {
  return { ...entry, record: { ...entry.record, openConfirmed: false } };
}
