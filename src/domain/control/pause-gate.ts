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

/** A fence that was taken before its command's turn came: it waits for nobody's commit. */
export interface EarlyFence {
  readonly receipt: Promise<FenceReceipt>;
  /** `Call.openings` of that moment: a gate that was opened since is to be shut again. */
  readonly openings: number;
}

/** A change that took effect. */
export interface Effect {
  readonly event: RecordingEvent;
  readonly effectiveAt: number;
}

/**
 * The two orders in which a call's gate and its durable state change (docs/decisions/0002), each in
 * the call's turn. Whatever fails on the way leaves the gate shut.
 *
 *   shut:  fence --> commit --> answer        open:  commit --> fence --> confirm --> answer
 */
export class PauseGate {
  readonly #ports: PauseGatePorts;

  constructor(ports: PauseGatePorts) {
    this.#ports = ports;
  }

  /** What changes no gate: commit only. */
  async note(call: Call, entryOf: (receipt: FenceReceipt) => Entry): Promise<Effect> {
    const effectiveAt = this.#ports.clock.now();
    const entry = entryOf({ effectiveAt, streams: [] });
    return { event: await this.#ports.journal.record(call, entry), effectiveAt };
  }

  /** A pause goes while others hold: no gate opens, and it is confirmed as if one did. */
  async lift(call: Call, entryOf: (receipt: FenceReceipt) => Entry): Promise<Effect> {
    const { journal, clock } = this.#ports;
    const effectiveAt = clock.now();
    const entry = entryOf({ effectiveAt, streams: [] });
    const event = await journal.record(call, unconfirmed(entry));
    await journal.confirmOpen(call, event, undefined).catch((cause) => this.alarm(call, cause));
    return { event, effectiveAt };
  }

  /**
   * Takes the fence of what is to shut the gate, where its turn is yet to come: what is before it
   * may be waiting for the store. Undefined where nothing is before it.
   */
  early(call: Call, order: ShutOrder): EarlyFence | undefined {
    if (call.queue.idle) return undefined;
    const receipt = this.#shut(call, order);
    // Whoever takes the turn hears of it.
    receipt.catch(() => undefined);
    return { receipt, openings: call.openings };
  }

  /** In the call's turn: nothing came of it, and what was recorded is recorded again. */
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
   * @param inDoubt what the call becomes when a stream does not confirm or the store fails
   * @throws FenceTimeoutError, or what the store threw: the gate is shut all the same
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
   * @param takenBack what the call becomes when a stream does not confirm
   * @throws FenceTimeoutError, or what the store threw: the gate is shut again
   */
  async open(
    call: Call,
    change: { entryOf(receipt: FenceReceipt): Entry; readonly takenBack: ControlChanges },
  ): Promise<Effect> {
    const { journal, clock } = this.#ports;
    const provisional = { effectiveAt: clock.now(), streams: [] };
    const event = await journal.commit(call, unconfirmed(change.entryOf(provisional)));
    let receipt: FenceReceipt;
    try {
      receipt = await this.#open(call);
    } catch (cause) {
      journal.publish(event);
      await this.#takeBack(call, change.takenBack);
      throw cause;
    }
    journal.publish(event);
    const { detail } = change.entryOf(receipt);
    // It is committed and in effect. A store that fails now, and a process that ends before it is
    // there again, leave the call paused.
    await journal.confirmOpen(call, event, detail).catch((cause) => this.alarm(call, cause));
    return { event, effectiveAt: receipt.effectiveAt };
  }

  /** The store could not be told, and is told later; the call is that all the same. */
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

  #open(call: Call): Promise<FenceReceipt> {
    call.openings += 1;
    return this.#ports.recorder.open(call.id);
  }

  #shut(
    call: Call,
    { early, ...order }: ShutOrder & { readonly early?: EarlyFence | undefined },
  ): Promise<FenceReceipt> {
    if (early?.openings === call.openings) return early.receipt;
    const { predecessors } = call;
    return this.#ports.recorder.shut(call.id, { ...order, predecessors });
  }

  /** What was published is taken back by an event of its own, so that no listener believes it. */
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

  /** The gate is shut, confirmed or not: the state says so even where the store does not answer. */
  async #staysShut(call: Call, inDoubt: ControlChanges, cause: unknown): Promise<void> {
    const record = call.controlled({ ...inDoubt, pauseConfirmed: false });
    try {
      // Whoever commanded has waited for the store for as long as anybody does.
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

/** Whoever takes up the call leaves it shut until a commit behind this one says that it is open. */
function unconfirmed(entry: Entry): Entry {
  return { ...entry, record: { ...entry.record, openConfirmed: false } };
}
