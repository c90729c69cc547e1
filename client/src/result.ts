/** The reason why there is no value. It contains no token, and nothing a caller typed. */
export type HushError =
  /** A refusal by the contract: the command was not carried out. */
  | {
      readonly kind: 'contract';
      readonly errorType: 'configuration' | 'validation' | 'processing';
      readonly message: string;
      /** True when the same request may succeed later. */
      readonly retryable: boolean;
    }
  /** An unsuccessful answer of the Hush API (RFC 9457). */
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly message: string;
      readonly retryAfterMs: number | null;
      readonly retryable: boolean;
    }
  /** No answer in time: the request may have been carried out. */
  | { readonly kind: 'timeout'; readonly message: string; readonly retryable: true }
  /** No connection, or one that broke: the request may have been carried out. */
  | {
      readonly kind: 'network';
      readonly message: string;
      readonly retryable: true;
      /** Code of the system or of TLS, such as `ECONNREFUSED`; browsers tell none. */
      readonly cause?: string;
    }
  /** Aborted by the caller's own signal. */
  | { readonly kind: 'aborted'; readonly message: string; readonly retryable: false }
  /** A look-up found no call, several of them, or one of somebody else. */
  | { readonly kind: 'noCall'; readonly message: string; readonly retryable: true }
  /** An answer that breaks the API's promise. */
  | { readonly kind: 'unexpected'; readonly message: string; readonly retryable: false };

export type Result<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: HushError };

export function success<Value>(value: Value): Result<Value> {
  return { ok: true, value };
}

export function failure(error: HushError): { readonly ok: false; readonly error: HushError } {
  return { ok: false, error };
}

/** Returns the value, for code that prefers exceptions. @throws HushRequestError */
export function orThrow<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new HushRequestError(result.error);
}

export class HushRequestError extends Error {
  override readonly name = 'HushRequestError';
  readonly error: HushError;

  constructor(error: HushError) {
    super(error.message);
    this.error = error;
  }
}
