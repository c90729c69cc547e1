import { Type } from 'typebox';
import type { CallState } from '../../domain/call/call.ts';
import { type ContractError, contractErrors, ErrorType } from '../../domain/model/errors.ts';
import {
  errorTypeNumber,
  markingStateNumber,
  recordingStateNumber,
  savingStateNumber,
  stateActionName,
  stateActionNumber,
} from '../description/enums.ts';

export interface ErrorMessage {
  readonly ErrorType: ErrorType;
  readonly Message: string;
}

/** State and command answer alike, property order as the contract shows it. */
export interface RecordingBody {
  readonly CorrelationId: string | null;
  readonly RecordingState: number;
  readonly MarkingState: number;
  readonly SavingState: number;
  readonly ErrorMessage: ErrorMessage | null;
  readonly UCCName: string | null;
}

export interface CapabilitiesBody {
  readonly AgentCanEditRecordings: boolean;
  readonly ErrorMessage: ErrorMessage | null;
  readonly UCCName: string | null;
}

interface Echo {
  readonly correlationId: string | null;
  readonly uccName: string | null;
}

export function stateBody(echo: Echo, state: CallState): RecordingBody {
  return {
    CorrelationId: echo.correlationId,
    RecordingState: state.recordingState,
    MarkingState: state.markingState,
    SavingState: state.savingState,
    ErrorMessage: null,
    UCCName: echo.uccName,
  };
}

/** On an error the three states are all 0, even where the real ones are known. */
export function errorBody(echo: Echo, error: ErrorMessage): RecordingBody {
  return {
    CorrelationId: echo.correlationId,
    RecordingState: 0,
    MarkingState: 0,
    SavingState: 0,
    ErrorMessage: error,
    UCCName: echo.uccName,
  };
}

/** Returns the answer to a capabilities request that failed. */
export function capabilitiesErrorBody(
  uccName: string | null,
  error: ErrorMessage,
): CapabilitiesBody {
  return { AgentCanEditRecordings: false, ErrorMessage: error, UCCName: uccName };
}

export function errorMessage(error: ContractError): ErrorMessage {
  return { ErrorType: error.errorType, Message: error.message };
}

export function statusOf(error: ContractError, mode: 'ok' | 'mapped'): number {
  const { status, isOutside } = contractErrors[error.code];
  return mode === 'ok' && !isOutside ? 200 : status;
}

/** Refusals of HTTP itself, as the contract words them. */
export const httpErrors: Record<number, ErrorMessage> = {
  400: { ErrorType: ErrorType.Validation, Message: 'The request body is not valid JSON.' },
  401: { ErrorType: ErrorType.Configuration, Message: 'A valid bearer token is needed.' },
  403: { ErrorType: ErrorType.Configuration, Message: 'The caller is not allowed here.' },
  405: { ErrorType: ErrorType.Validation, Message: 'The method is not allowed here.' },
  413: { ErrorType: ErrorType.Validation, Message: 'The request body is too large.' },
  414: { ErrorType: ErrorType.Validation, Message: 'The address of the request is too long.' },
  429: { ErrorType: ErrorType.Processing, Message: 'Too many requests, please try again later.' },
  503: {
    ErrorType: ErrorType.Processing,
    Message: 'The token could not be verified now, please try again.',
  },
  415: { ErrorType: ErrorType.Validation, Message: 'The request body must be JSON.' },
};

/** The store does not answer: whether something was done is not known. */
export const tryAgain: ErrorMessage = {
  ErrorType: ErrorType.Processing,
  Message: 'The request could not be processed, please try again.',
};

export const badAddress: ErrorMessage = {
  ErrorType: ErrorType.Validation,
  Message: 'The address of the request cannot be read.',
};

const errorMessageSchema = Type.Object(
  { ErrorType: errorTypeNumber, Message: Type.String() },
  { title: 'ContractErrorMessage' },
);
const errorMessageOrNull = Type.Union([errorMessageSchema, Type.Null()]);
const textOrNull = Type.Unsafe<string | null>({ type: ['string', 'null'] });

export const recordingBodySchema = Type.Object(
  {
    CorrelationId: textOrNull,
    RecordingState: recordingStateNumber,
    MarkingState: markingStateNumber,
    SavingState: savingStateNumber,
    ErrorMessage: errorMessageOrNull,
    UCCName: textOrNull,
  },
  { title: 'ContractStateAnswer' },
);

export const capabilitiesBodySchema = Type.Object(
  {
    AgentCanEditRecordings: Type.Boolean(),
    ErrorMessage: errorMessageOrNull,
    UCCName: textOrNull,
  },
  { title: 'ContractCapabilities' },
);

export const commandBodySchema = Type.Object(
  {
    Action: Type.Unsafe<unknown>({
      anyOf: [stateActionNumber, stateActionName, { type: 'string', pattern: '^[1-7]$' }],
      description: 'The number, the name in any case, or the number in a string',
    }),
    RequesterSipUri: Type.String({ description: 'SIP or tel URI of an agent or supervisor' }),
    CorrelationId: Type.String(),
    UCCName: Type.String(),
  },
  {
    title: 'ContractCommandRequest',
    description: 'Property names match without regard to case.',
  },
);
