/** Thrown by a hub method to show its message to the caller; any other error stays hidden. */
export class HubError extends Error {
  override readonly name = 'HubError';
}

/** The client breaks the protocol; the connection is closed with this message. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A connection ended for another reason than a request of either side. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

/**
 * Returns an error's text for callers: always `summary`, and the error's own message only if it was
 * meant for clients or the owner wants it shown (ErrorMessageHelper of dotnet/aspnetcore).
 */
export function describeError(summary: string, error: unknown, detailedErrors: boolean): string {
  if (error instanceof HubError) return `${summary} HubException: ${error.message}`;
  if (detailedErrors && error instanceof Error) return `${summary} ${error.name}: ${error.message}`;
  return summary;
}

/** True for an error whose message is one of our own and holds nothing of the owner's. */
export function isProtocolFailure(error: unknown): error is ProtocolError | ConnectionError {
  return error instanceof ProtocolError || error instanceof ConnectionError;
}

/** Returns the message for a client whose connection is closed because of `error`. */
export function explainClose(error: unknown, inHandshake: boolean): string {
  const sentence = 'Connection closed with an error.';
  if (!isProtocolFailure(error)) return sentence;
  return inHandshake ? error.message : `${sentence} ${error.message}`;
}
