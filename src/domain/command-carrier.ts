import type { Call } from './call.ts';
import type { CallRegistry } from './call-registry.ts';
import {
  type Command,
  type CommandAnswer,
  type CommandRequest,
  parseCommand,
  refusal,
} from './command.ts';
import { type ContractError, contractError } from './errors.ts';
import type { RecordingEvent } from './events.ts';
import type { Entry, Journal } from './journal.ts';
import type { AlarmSink, Clock, FenceReceipt, Recorder } from './ports.ts';
import {
  MarkingState,
  RecordingState,
  SavingState,
  StateAction,
  stateActionName,
  stateAfter,
} from './recording-state.ts';
import type { CallRecord } from './records.ts';
import type { UccRegistry } from './ucc-registry.ts';

export interface CommandCarrierPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly journal: Journal;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
}

/**
 * Carries a command through: validate, fence, commit, publish, answer. Commands on one call take
 * effect in the order in which they came. Whatever fails on the way leaves the gate shut.
 */
export class CommandCarrier {
  readonly #ports: CommandCarrierPorts;

  constructor(ports: CommandCarrierPorts) {
    this.#ports = ports;
  }

  async carry(request: CommandRequest): Promise<CommandAnswer> {
    const uccName = typeof request.uccName === 'string' ? request.uccName : '';
    if (!this.#ports.uccs.get(uccName)) return refused(contractError('uccUnknown', { uccName }));
    const command = parseCommand(request);
    if ('code' in command) return refused(command);
    const call = this.#ports.calls.find(command.uccName, command.correlationId);
    if (!call) return refused(contractError('callUnknown', command));
    const requestedAt = this.#ports.clock.now();
    return call.queue.run(() => this.#takeTurn(call, command, requestedAt));
  }

  async #takeTurn(call: Call, command: Command, requestedAt: number): Promise<CommandAnswer> {
    if (call.ended) return refused(contractError('callUnknown', command));
    const ucc = this.#ports.uccs.get(command.uccName);
    if (!ucc) return refused(contractError('uccUnknown', command));
    const recorderAvailable = this.#ports.recorder.available;
    const error = refusal(command, { ucc, call, recorderAvailable });
    if (error) return refused(error);
    try {
      return await this.#apply(call, command, requestedAt);
    } catch (cause) {
      this.#alarm(call, cause);
      return refused(contractError('processingFailed'));
    }
  }

  #apply(call: Call, command: Command, requestedAt: number): Promise<CommandAnswer> {
    if (command.action === StateAction.Start) return this.#start(call, command, requestedAt);
    if (needsFence(call, command.action)) return this.#shut(call, command, requestedAt);
    return this.#note(call, command, requestedAt);
  }

  /** Save, Delete, Mark, UnMark, and Stop where nothing runs or the gate is shut already. */
  async #note(call: Call, command: Command, requestedAt: number): Promise<CommandAnswer> {
    const effectiveAt = this.#ports.clock.now();
    const entry = entryOf(call, command, { requestedAt, effectiveAt, streams: [] });
    const event = await this.#ports.journal.record(call, entry);
    return done(event, effectiveAt);
  }

  /** Pause, and Stop of a running recorder: fence, then commit. */
  async #shut(call: Call, command: Command, requestedAt: number): Promise<CommandAnswer> {
    const reason = command.action === StateAction.Pause ? 'api' : 'stop';
    try {
      const receipt = await this.#ports.recorder.shut(call.id, reason);
      const entry = entryOf(call, command, { requestedAt, ...receipt });
      return done(await this.#ports.journal.record(call, entry), receipt.effectiveAt);
    } catch (cause) {
      await this.#staysShut(call, stateAfter(command.action, call.recordingState));
      throw cause;
    }
  }

  /** Start: commit, then fence; streams that do not confirm put the call back to Paused. */
  async #start(call: Call, command: Command, requestedAt: number): Promise<CommandAnswer> {
    const { journal, recorder } = this.#ports;
    const provisional = { requestedAt, effectiveAt: this.#ports.clock.now(), streams: [] };
    const event = await journal.commit(call, entryOf(call, command, provisional));
    let receipt: FenceReceipt;
    try {
      receipt = await recorder.open(call.id);
    } catch (cause) {
      journal.publish(event);
      await this.#backToPaused(call);
      throw cause;
    }
    journal.publish(event);
    const { detail } = entryOf(call, command, { requestedAt, ...receipt });
    journal.completeReceipt(event, detail).catch((cause: unknown) => this.#alarm(call, cause));
    return done(event, receipt.effectiveAt);
  }

  /** The published Start is taken back by an event of its own, so that no listener believes it. */
  async #backToPaused(call: Call): Promise<void> {
    const record = call.next({ recordingState: RecordingState.Paused, pauseConfirmed: false });
    const entry = { type: 'recordingStateChanged', record, action: StateAction.Pause } as const;
    try {
      await this.#ports.journal.record(call, entry);
    } catch (cause) {
      call.accept(record);
      this.#alarm(call, cause);
    }
  }

  /** The gate is shut, confirmed or not: the state says so even where the store does not answer. */
  async #staysShut(call: Call, recordingState: RecordingState): Promise<void> {
    const record = call.next({ recordingState, pauseConfirmed: false });
    const entry = { type: 'recordingStateChanged', record } as const;
    try {
      await this.#ports.journal.record(call, entry);
    } catch {
      call.accept(record);
    }
  }

  #alarm(call: Call, cause: unknown): void {
    const fence = cause instanceof Error && cause.name === 'FenceTimeoutError';
    this.#ports.alarms.raise({
      kind: fence ? 'fenceTimeout' : 'storeFailed',
      callId: call.id,
      correlationId: call.correlationId,
      uccName: call.uccName,
      detail: cause instanceof Error ? cause.message : 'unknown failure',
    });
  }
}

function needsFence(call: Call, action: StateAction): boolean {
  if (action === StateAction.Pause) return true;
  if (action !== StateAction.Stop) return false;
  return call.recordingState === RecordingState.Started || !call.record.pauseConfirmed;
}

function entryOf(
  call: Call,
  command: Command,
  receipt: FenceReceipt & { requestedAt: number },
): Entry {
  return {
    type: 'recordingStateChanged',
    record: call.next(changesOf(call, command.action), receipt.effectiveAt),
    action: command.action,
    requester: command.requester,
    at: receipt.effectiveAt,
    detail: {
      detail: `RecorderSetTo${stateActionName(command.action)}ByAgent`,
      requestedAt: receipt.requestedAt,
      effectiveAt: receipt.effectiveAt,
      streams: receipt.streams,
    },
  };
}

function changesOf(call: Call, action: StateAction): Partial<CallRecord> {
  switch (action) {
    case StateAction.Mark:
      return { markingState: MarkingState.Mark };
    case StateAction.UnMark:
      return { markingState: MarkingState.Unmark };
    case StateAction.Save:
      return { savingState: SavingState.Save };
    case StateAction.Delete:
      return { savingState: SavingState.Delete };
    case StateAction.Start:
      return { recordingState: RecordingState.Started, pauseConfirmed: true, recorded: true };
    default:
      return { recordingState: stateAfter(action, call.recordingState), pauseConfirmed: true };
  }
}

function done(event: RecordingEvent, effectiveAt: number): CommandAnswer {
  return { ok: true, state: event, event, effectiveAt };
}

function refused(error: ContractError): CommandAnswer {
  return { ok: false, error };
}
