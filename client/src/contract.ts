import { failure, type HushError, type Result, success } from './result.ts';
import { addressOf, httpError, type Transport, unexpected } from './transport.ts';

export type RecordingState = 'Uninitialized' | 'Started' | 'Stopped' | 'Paused';
export type MarkingState = 'None' | 'Mark' | 'Unmark';
export type SavingState = 'None' | 'Save' | 'Delete';
export type CommandAction = 'Start' | 'Stop' | 'Pause' | 'Save' | 'Delete' | 'Mark' | 'UnMark';

const recordingStates: readonly RecordingState[] = [
  'Uninitialized',
  'Started',
  'Stopped',
  'Paused',
];
const markingStates: readonly MarkingState[] = ['None', 'Mark', 'Unmark'];
const savingStates: readonly SavingState[] = ['None', 'Save', 'Delete'];
const errorTypes = ['configuration', 'validation', 'processing'] as const;

/** State that proves that a command was carried out. */
const stateAfter: Partial<Record<CommandAction, RecordingState>> = {
  Start: 'Started',
  Pause: 'Paused',
};

export interface ContractState {
  readonly correlationId: string;
  readonly uccName: string;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
}

/** The state after a command, and the time at which it took effect. */
export interface CommandEffect extends ContractState {
  /** Sequence of the command's event; null if the recorder does not report it. */
  readonly sequence: number | null;
  /** ISO 8601; null if the recorder does not report it. */
  readonly effectiveAt: string | null;
}

export interface ContractCall {
  readonly uccName: string;
  readonly correlationId: string;
}

export interface ContractCommand extends ContractCall {
  /** SIP or tel URI of the agent or supervisor who requests it. */
  readonly requester: string;
  readonly signal?: AbortSignal;
}

interface Body {
  readonly CorrelationId?: string | null;
  readonly UCCName?: string | null;
  readonly RecordingState?: number;
  readonly MarkingState?: number;
  readonly SavingState?: number;
  readonly AgentCanEditRecordings?: boolean;
  readonly ErrorMessage?: { readonly ErrorType?: number; readonly Message?: string } | null;
}

/** The Core REST Recording API: v2 with a token, else v1. */
export class ContractClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  start = (command: ContractCommand) => this.command('Start', command);
  stop = (command: ContractCommand) => this.command('Stop', command);
  /**
   * Pauses the recording. `ok`: nothing of the call is stored from now on; otherwise it is
   * unconfirmed.
   */
  pause = (command: ContractCommand) => this.command('Pause', command);
  save = (command: ContractCommand) => this.command('Save', command);
  delete = (command: ContractCommand) => this.command('Delete', command);
  mark = (command: ContractCommand) => this.command('Mark', command);
  unMark = (command: ContractCommand) => this.command('UnMark', command);

  async command(
    action: CommandAction,
    { uccName, correlationId, requester, signal }: ContractCommand,
  ): Promise<Result<CommandEffect>> {
    const asked = { Action: action, RequesterSipUri: requester };
    const body = { ...asked, CorrelationId: correlationId, UCCName: uccName };
    const answered = await this.#ask('POST', '/set', { signal, body: JSON.stringify(body) });
    if (!answered.ok) return answered;
    const { response, body: answer } = answered.value;
    const state = stateOf(answer);
    if (!state) return failure(unexpected('the answer names no state of the contract'));
    const expected = stateAfter[action];
    if (expected !== undefined && state.recordingState !== expected) {
      return failure(unexpected(`the recorder is ${state.recordingState}, not ${expected}`));
    }
    if (guidKey(state.correlationId) !== guidKey(correlationId)) {
      return failure(unexpected('the answer is of another call'));
    }
    const sequence = response.headers.get('Hush-Sequence');
    return success({
      ...state,
      sequence: sequence === null ? null : Number(sequence),
      effectiveAt: response.headers.get('Hush-Effective-At'),
    });
  }

  async state(call: ContractCall, signal?: AbortSignal): Promise<Result<ContractState>> {
    const { uccName, correlationId } = call;
    const address = addressOf('/{uccName}/{correlationId}', { path: { uccName, correlationId } });
    const answered = await this.#ask('GET', address, { signal });
    if (!answered.ok) return answered;
    const state = stateOf(answered.value.body);
    return state ? success(state) : failure(unexpected('the answer names no state'));
  }

  /** Returns true if recordings of the UCC accept commands. */
  async capabilities(uccName: string, signal?: AbortSignal): Promise<Result<boolean>> {
    const address = addressOf('/capabilities/{uccName}', { path: { uccName } });
    const answered = await this.#ask('GET', address, { signal });
    if (!answered.ok) return answered;
    const { AgentCanEditRecordings: canEdit } = answered.value.body;
    return typeof canEdit === 'boolean'
      ? success(canEdit)
      : failure(unexpected('the answer names no capabilities'));
  }

  async #ask(
    method: string,
    address: string,
    options: { readonly signal?: AbortSignal | undefined; readonly body?: string },
  ): Promise<Result<{ response: Response; body: Body }>> {
    const version = this.#transport.hasToken ? 'v2/' : '';
    const path = `/attendantservice/api/${version}recording${address}`;
    const answered = await this.#transport.sendForJson(method, path, options);
    if (!answered.ok) return answered;
    const { response } = answered.value;
    const body = answered.value.body as Body | null | undefined;
    const refused = body?.ErrorMessage ? contractError(body.ErrorMessage) : undefined;
    if (refused) return failure(refused);
    if (!response.ok) return failure(httpError(response, body));
    if (typeof body !== 'object' || body === null) return failure(unexpected('no JSON object'));
    return success({ response, body });
  }
}

function contractError({ ErrorType: type, Message: message }: NonNullable<Body['ErrorMessage']>) {
  const errorType = errorTypes[(type ?? 3) - 1] ?? 'processing';
  return {
    kind: 'contract',
    errorType,
    retryable: errorType === 'processing',
    message: message ?? 'the command was refused',
  } satisfies HushError;
}

function stateOf(body: Body): ContractState | undefined {
  const recordingState = recordingStates[body.RecordingState ?? -1];
  const markingState = markingStates[body.MarkingState ?? -1];
  const savingState = savingStates[body.SavingState ?? -1];
  if (!recordingState || !markingState || !savingState) return undefined;
  const { CorrelationId: correlationId, UCCName: uccName } = body;
  return {
    correlationId: correlationId ?? '',
    uccName: uccName ?? '',
    recordingState,
    markingState,
    savingState,
  };
}

/** Normalizes a GUID in any spelling; other text is compared as it is. */
function guidKey(text: string): string {
  return text.replace(/[-{}()\s]/g, '').toLowerCase();
}
