import { type RecordingState, recordingStateName } from './recording-state.ts';

export const ErrorType = { Configuration: 1, Validation: 2, Processing: 3 } as const;
export type ErrorType = (typeof ErrorType)[keyof typeof ErrorType];

/** The `ErrorMessage` of a contract answer, and the HTTP status of the mapped mode. */
export interface ContractError {
  readonly code: ContractErrorCode;
  readonly errorType: ErrorType;
  readonly message: string;
}

/** Keeps the codes as a type. */
function catalogue<Code extends string>(entries: Record<Code, CatalogueEntry>) {
  return entries;
}

interface CatalogueEntry {
  readonly errorType: ErrorType;
  readonly status: number;
  /** True for errors outside the contract: answered with their status in every mode. */
  readonly isOutside?: true;
  readonly text: string;
}

/**
 * The catalogue of the contract's errors. Texts are byte-exact: double blanks, missing full stops
 * and all. `status` is the HTTP status when `http.statusCodes` is `mapped`.
 */
export const contractErrors = catalogue({
  recorderUnavailable: {
    errorType: ErrorType.Configuration,
    status: 503,
    text: 'Recorder was not available, command could not be executed',
  },
  uccUnknown: {
    errorType: ErrorType.Validation,
    status: 404,
    text: 'Ucc name ({uccName}) was not recognized',
  },
  callUnknown: {
    errorType: ErrorType.Validation,
    status: 404,
    text: "No Audio session with correlation Id:'{correlationId}' was found.",
  },
  noMediaYet: {
    errorType: ErrorType.Validation,
    status: 404,
    text: "No Api Audio session with correlation Id:'{correlationId}' was found.",
  },
  editDisabled: {
    errorType: ErrorType.Configuration,
    status: 403,
    text: "Ucc with name:'{uccName}' AgentCanEditAudioRecording setting is disabled.",
  },
  requesterNotMember: {
    errorType: ErrorType.Configuration,
    status: 403,
    text: "Requester with SipUri:'{sipUri}' is not an agent or supervisor for Ucc with name: '{uccName}'.",
  },
  actionMissing: {
    errorType: ErrorType.Validation,
    status: 400,
    text: 'No action was detected in command',
  },
  requesterInvalid: {
    errorType: ErrorType.Validation,
    status: 400,
    text: "Requester with SipUri:'{sipUri}' is invalid.",
  },
  cannotStart: {
    errorType: ErrorType.Validation,
    status: 409,
    text: 'Recorder state is {state}, this state cannot be started',
  },
  cannotPause: {
    errorType: ErrorType.Validation,
    status: 409,
    text: 'Recorder state is {state}, this state cannot be paused',
  },
  capabilitiesUccUnknown: {
    errorType: ErrorType.Validation,
    status: 404,
    text: "Ucc with name:'{uccName}' not found.",
  },
  processingFailed: {
    errorType: ErrorType.Processing,
    status: 503,
    text: 'The command could not be processed, please try again.',
  },
  accessDenied: {
    errorType: ErrorType.Configuration,
    status: 403,
    isOutside: true,
    text: 'The caller is not allowed here.',
  },
  requesterNotBearer: {
    errorType: ErrorType.Configuration,
    status: 403,
    isOutside: true,
    text: 'The token does not speak for this requester.',
  },
  versionMismatch: {
    errorType: ErrorType.Validation,
    status: 412,
    isOutside: true,
    text: 'The call has changed since that version.',
  },
});

export type ContractErrorCode = keyof typeof contractErrors;

export interface ErrorDetails {
  readonly uccName?: string;
  readonly correlationId?: string;
  readonly sipUri?: string;
  readonly state?: RecordingState;
}

export function contractError(code: ContractErrorCode, details: ErrorDetails = {}): ContractError {
  const { errorType, text } = contractErrors[code];
  const values: Record<string, string | undefined> = {
    uccName: details.uccName,
    correlationId: details.correlationId,
    sipUri: details.sipUri,
    state: details.state === undefined ? undefined : recordingStateName(details.state),
  };
  const message = text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  return { code, errorType, message };
}

/** Some stream did not confirm a fence: the gate is shut, whatever was requested. */
export class FenceTimeoutError extends Error {
  override readonly name = 'FenceTimeoutError';
}

/** The recorder has no port, no worker or no disk for a new stream. */
export class RecorderBusyError extends Error {
  override readonly name = 'RecorderBusyError';
}

/** The number of simultaneous exports is at its limit. */
export class ExportsBusyError extends Error {
  override readonly name = 'ExportsBusyError';
}

/** Files of a recording are missing or end early: it is not played as if it were silent there. */
export class AudioMissingError extends Error {
  override readonly name = 'AudioMissingError';
  readonly paths: readonly string[];
  /** True when nothing of the recording is left. */
  readonly isAll: boolean;

  constructor(paths: readonly string[], isAll: boolean) {
    const files = paths.length === 1 ? 'A file' : `${paths.length} files`;
    super(`${files} of the recording cannot be found, or cannot be found whole.`);
    this.paths = paths;
    this.isAll = isAll;
  }
}

/** The storage of recordings is unreadable, or not the expected one: audio may come back. */
export class AudioAwayError extends Error {
  override readonly name = 'AudioAwayError';
}

/** No UCC of that name is configured. */
export class UccUnknownError extends Error {
  override readonly name = 'UccUnknownError';
}

/** The store cannot be reached, or does not answer in time: nothing was written. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The store's answer to a commit was lost: the change may be written, now or later. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}
