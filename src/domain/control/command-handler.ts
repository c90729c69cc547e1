import { seesAllUccs, seesUcc, speaksFor } from '../access/access.ts';
import type { Call, ControlChanges } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Entry } from '../call/journal.ts';
import { MAX_URI_LENGTH } from '../identifiers/sip-uri.ts';
import type { CallRecord } from '../model/call-record.ts';
import { type ContractError, contractError } from '../model/errors.ts';
import type { Caller } from '../model/principal.ts';
import {
  MarkingState,
  RecordingState,
  SavingState,
  StateAction,
  stateActionName,
  stateAfter,
} from '../model/recording-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { FenceReceipt, Recorder } from '../ports/recorder.ts';
import { cleanUri } from '../redaction/client-text.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';
import {
  type Command,
  type CommandAnswer,
  type CommandRequest,
  parseCommand,
  refusal,
} from './command.ts';
import type { CommandAudit } from './command-audit.ts';
import type { EarlyFence, Effect, PauseGate } from './pause-gate.ts';

export interface CommandHandlerPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
  readonly pauseGate: PauseGate;
  readonly clock: Clock;
  readonly auditLog: CommandAudit;
  /** Applies a Save or Delete to ended parts of the dialogue. */
  reconsider(call: Call): Promise<void>;
  /** `auth.requesterMustMatchToken` */
  readonly requesterMustMatchToken: boolean;
}

/** A command that waits for its turn, with its caller. */
interface Order {
  readonly command: Command;
  readonly caller: Caller;
  /** Unix ms */
  readonly requestedAt: number;
  /** The earliest time at which it may have come, on the recorder's clock. */
  readonly cameAtMs: number;
  /** When it was read, on the recorder's clock: it came before. */
  readonly readAtMs: number;
  /** The version that the call must have. */
  readonly ifVersion: number | undefined;
  /** Set for a Pause that has to wait for its turn. */
  readonly early: EarlyFence | undefined;
}

/** A command whose turn has come: the rules of this moment apply. */
interface Turn extends Order {
  readonly rules: UccRules;
}

/**
 * Carries out a command: validate, fence, commit, publish, answer. Commands on one call take effect
 * in order of arrival. Any failure on the way leaves the gate shut.
 */
export class CommandHandler {
  readonly #ports: CommandHandlerPorts;

  constructor(ports: CommandHandlerPorts) {
    this.#ports = ports;
  }

  /** Carries out a command. Its outcome is in the audit log before it is answered. */
  async carry(request: CommandRequest, caller: Caller): Promise<CommandAnswer> {
    const answer = await this.#carry(request, caller);
    if (!answer.ok) await this.#ports.auditLog.refused(request, caller, answer.error);
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
    const cameAtMs = this.#ports.recorder.commandCameAtMs;
    const early = this.#early(call, { command, cameAtMs, ifVersion: request.ifVersion });
    const order = {
      ...{ command, caller, requestedAt, cameAtMs, early },
      readAtMs: this.#ports.recorder.nowMs,
      ifVersion: request.ifVersion,
    };
    const answer = await call.queue.run(async () => {
      const outcome = await this.#takeTurn(call, order);
      if (early && !outcome.ok) await this.#ports.pauseGate.regret(call, early);
      return outcome;
    });
    if (answer.ok && isSavingFlag(command.action)) await this.#reconsider(call);
    return answer;
  }

  /** Runs after a durable answer; parts that cannot be updated now are updated at the end. */
  async #reconsider(call: Call): Promise<void> {
    await this.#ports.reconsider(call).catch((cause) => this.#ports.pauseGate.alarm(call, cause));
  }

  /** Takes the fence of a Pause at once, whatever earlier commands wait for. */
  #early(
    call: Call,
    { command, cameAtMs, ifVersion }: Pick<Order, 'command' | 'cameAtMs' | 'ifVersion'>,
  ): EarlyFence | undefined {
    if (command.action !== StateAction.Pause || call.ended || call.queue.idle) return undefined;
    if (ifVersion !== undefined && ifVersion !== call.record.version) return undefined;
    const error = this.#refusal(call, command);
    if (error && !mayPass(error, call)) return undefined;
    const lookbackMs = this.#ports.uccs.rulesOf(call.record)?.pauseLookbackMs ?? 0;
    return this.#ports.pauseGate.early(call, { reason: 'api', lookbackMs, cameAtMs });
  }

  #refusal(call: Call, command: Command): ContractError | undefined {
    const { uccs, recorder } = this.#ports;
    const ucc = uccs.get(command.uccName);
    const rules = uccs.rulesOf(call.record);
    if (!ucc || !rules) return contractError('uccUnknown', command);
    const further = call.record.dialogue.ruledBy.flatMap((name) => uccs.get(name) ?? []);
    return refusal(command, { ucc, further, call, recorderAvailable: recorder.available });
  }

  async #takeTurn(call: Call, order: Order): Promise<CommandAnswer> {
    const { command, ifVersion } = order;
    if (call.ended) return refused(contractError('callUnknown', command));
    const error = this.#refusal(call, command);
    if (error) return refused(error);
    if (ifVersion !== undefined && ifVersion !== call.record.version) {
      return refused(contractError('versionMismatch'));
    }
    const rules = this.#ports.uccs.rulesOf(call.record);
    if (!rules) return refused(contractError('uccUnknown', command));
    try {
      return done(await this.#apply(call, { ...order, rules }));
    } catch (cause) {
      this.#ports.pauseGate.alarm(call, cause);
      return refused(contractError('processingFailed'));
    }
  }

  #apply(call: Call, turn: Turn): Promise<Effect> {
    const { pauseGate } = this.#ports;
    const { action } = turn.command;
    const entryOf = (receipt: FenceReceipt): Entry => this.#entryOf(call, turn, receipt);
    if (action === StateAction.Start && opensGate(call)) {
      return pauseGate.open(call, { entryOf, takenBack: paused, askedAtMs: turn.readAtMs });
    }
    if (action === StateAction.Start) return pauseGate.lift(call, entryOf);
    if (!needsFence(call, action)) return pauseGate.note(call, entryOf);
    const isPause = action === StateAction.Pause;
    const lookbackMs = isPause ? turn.rules.pauseLookbackMs : 0;
    const inDoubt = { recordingState: stateAfter(action, call.recordingState) };
    return pauseGate.shut(
      call,
      { reason: isPause ? 'api' : 'stop', lookbackMs, cameAtMs: turn.cameAtMs, early: turn.early },
      { entryOf, inDoubt },
    );
  }

  #entryOf(call: Call, turn: Turn, receipt: FenceReceipt): Entry {
    return { ...entryOf(call, turn, receipt), audit: this.#ports.auditLog.carried(call, turn) };
  }
}

const paused: ControlChanges = { recordingState: RecordingState.Paused };

/** Returns false for a call held by leases: Start lifts only the contract's pause. */
function opensGate(call: Call): boolean {
  return call.record.leases.length === 0;
}

/** Returns true when an earlier command may make it legal: a Start, or the first media. */
function mayPass({ code }: ContractError, call: Call): boolean {
  return code === 'cannotPause' || (code === 'recorderUnavailable' && !call.mediaOffered);
}

function isSavingFlag(action: StateAction): boolean {
  return action === StateAction.Save || action === StateAction.Delete;
}

function needsFence(call: Call, action: StateAction): boolean {
  if (action === StateAction.Pause) return true;
  if (action !== StateAction.Stop) return false;
  return call.recordingState === RecordingState.Started || !call.record.pauseConfirmed;
}

function entryOf(call: Call, { command, requestedAt }: Order, receipt: FenceReceipt): Entry {
  const requester = cleanUri(command.requester, MAX_URI_LENGTH);
  return {
    type: 'recordingStateChanged',
    record: recordAfter(call, command.action, receipt.effectiveAt),
    action: command.action,
    requester,
    at: receipt.effectiveAt,
    detail: {
      detail: `RecorderSetTo${stateActionName(command.action)}ByAgent`,
      action: command.action,
      requester,
      requestedAt,
      effectiveAt: receipt.effectiveAt,
      streams: receipt.streams,
    },
  };
}

function recordAfter(call: Call, action: StateAction, at: number): CallRecord {
  switch (action) {
    case StateAction.Mark:
      return call.marked(MarkingState.Mark, at);
    case StateAction.UnMark:
      return call.marked(MarkingState.Unmark, at);
    case StateAction.Save:
      return call.flagged(SavingState.Save, at);
    case StateAction.Delete:
      return call.flagged(SavingState.Delete, at);
    case StateAction.Start:
      return call.controlled(startOf(call), at);
    default: {
      const recordingState = stateAfter(action, call.recordingState);
      return call.controlled({ recordingState, pauseConfirmed: true }, at);
    }
  }
}

function startOf(call: Call): ControlChanges {
  const dialogue = { ...call.record.dialogue, startCommanded: true };
  const started = { recordingState: RecordingState.Started, dialogue };
  return opensGate(call) ? { ...started, pauseConfirmed: true, recorded: true } : started;
}

function done({ event, effectiveAt }: Effect): CommandAnswer {
  return { ok: true, state: event, event, effectiveAt };
}

function refused(error: ContractError): CommandAnswer {
  return { ok: false, error };
}
