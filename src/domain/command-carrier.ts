import { type Caller, seesAllUccs, seesUcc, speaksFor } from './access.ts';
import type { Call } from './call.ts';
import type { CallRegistry } from './call-registry.ts';
import {
  type Command,
  type CommandAnswer,
  type CommandRequest,
  parseCommand,
  refusal,
} from './command.ts';
import type { CommandTrail } from './command-trail.ts';
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
  readonly trail: CommandTrail;
  /** `auth.requesterMustMatchToken` */
  readonly requesterMustMatchToken: boolean;
}

/** A command whose turn has come, and whose it is. */
interface Turn {
  readonly command: Command;
  readonly caller: Caller;
  /** Unix ms */
  readonly requestedAt: number;
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

  /** Whatever comes of it is in the access trail before it is answered. */
  async carry(request: CommandRequest, caller: Caller): Promise<CommandAnswer> {
    const answer = await this.#carry(request, caller);
    if (!answer.ok) await this.#ports.trail.refused(request, caller, answer.error);
    return answer;
  }

  async #carry(request: CommandRequest, caller: Caller): Promise<CommandAnswer> {
    const uccName = typeof request.uccName === 'string' ? request.uccName : '';
    const ucc = this.#ports.uccs.get(uccName);
    const { principal } = caller;
    if (!seesAllUccs(principal) && !(ucc && seesUcc(principal, ucc))) {
      return refused(contractError('accessDenied'));
    }
    if (!ucc) return refused(contractError('uccUnknown', { uccName }));
    const command = parseCommand(request);
    if ('code' in command) return refused(command);
    if (!speaksFor(principal, command.requester, this.#ports.requesterMustMatchToken)) {
      return refused(contractError('requesterNotBearer'));
    }
    const call = this.#ports.calls.find(command.uccName, command.correlationId);
    if (!call) return refused(contractError('callUnknown', command));
    const requestedAt = this.#ports.clock.now();
    return call.queue.run(() => this.#takeTurn(call, { command, caller, requestedAt }));
  }

  async #takeTurn(call: Call, turn: Turn): Promise<CommandAnswer> {
    const { command } = turn;
    if (call.ended) return refused(contractError('callUnknown', command));
    const ucc = this.#ports.uccs.get(command.uccName);
    if (!ucc) return refused(contractError('uccUnknown', command));
    const recorderAvailable = this.#ports.recorder.available;
    const error = refusal(command, { ucc, call, recorderAvailable });
    if (error) return refused(error);
    try {
      return await this.#apply(call, turn);
    } catch (cause) {
      this.#alarm(call, cause);
      return refused(contractError('processingFailed'));
    }
  }

  #apply(call: Call, turn: Turn): Promise<CommandAnswer> {
    const { action } = turn.command;
    if (action === StateAction.Start) return this.#start(call, turn);
    if (needsFence(call, action)) return this.#shut(call, turn);
    return this.#note(call, turn);
  }

  /** Save, Delete, Mark, UnMark, and Stop where nothing runs or the gate is shut already. */
  async #note(call: Call, turn: Turn): Promise<CommandAnswer> {
    const effectiveAt = this.#ports.clock.now();
    const entry = this.#entryOf(call, turn, { effectiveAt, streams: [] });
    const event = await this.#ports.journal.record(call, entry);
    return done(event, effectiveAt);
  }

  /** Pause, and Stop of a running recorder: fence, then commit. */
  async #shut(call: Call, turn: Turn): Promise<CommandAnswer> {
    const { action } = turn.command;
    const reason = action === StateAction.Pause ? 'api' : 'stop';
    try {
      const receipt = await this.#ports.recorder.shut(call.id, reason);
      const entry = this.#entryOf(call, turn, receipt);
      return done(await this.#ports.journal.record(call, entry), receipt.effectiveAt);
    } catch (cause) {
      await this.#staysShut(call, stateAfter(action, call.recordingState));
      throw cause;
    }
  }

  /** Start: commit, then fence; streams that do not confirm put the call back to Paused. */
  async #start(call: Call, turn: Turn): Promise<CommandAnswer> {
    const { journal, recorder } = this.#ports;
    const provisional = { effectiveAt: this.#ports.clock.now(), streams: [] };
    const event = await journal.commit(call, this.#entryOf(call, turn, provisional));
    let receipt: FenceReceipt;
    try {
      receipt = await recorder.open(call.id);
    } catch (cause) {
      journal.publish(event);
      await this.#backToPaused(call);
      throw cause;
    }
    journal.publish(event);
    const { detail } = entryOf(call, turn, receipt);
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

  #entryOf(call: Call, turn: Turn, receipt: FenceReceipt): Entry {
    return { ...entryOf(call, turn, receipt), access: this.#ports.trail.carried(call, turn) };
  }

  #alarm(call: Call, cause: unknown): void {
    const fence = cause instanceof Error && cause.name === 'FenceTimeoutError';
    this.#ports.alarms.raise({
      kind: fence ? 'fenceTimeout' : 'storeFailed',
      callId: call.id,
      correlationId: call.correlationId,
      uccName: call.uccName,
      detail: messageOf(cause),
    });
  }
}

function needsFence(call: Call, action: StateAction): boolean {
  if (action === StateAction.Pause) return true;
  if (action !== StateAction.Stop) return false;
  return call.recordingState === RecordingState.Started || !call.record.pauseConfirmed;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown failure';
}

function entryOf(call: Call, { command, requestedAt }: Turn, receipt: FenceReceipt): Entry {
  return {
    type: 'recordingStateChanged',
    record: call.next(changesOf(call, command.action), receipt.effectiveAt),
    action: command.action,
    requester: command.requester,
    at: receipt.effectiveAt,
    detail: {
      detail: `RecorderSetTo${stateActionName(command.action)}ByAgent`,
      requestedAt,
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
