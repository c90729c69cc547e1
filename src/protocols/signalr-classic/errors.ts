/**
 * Thrown by a hub method to show its message to the caller: `E` with `H: true`, and `data` as `D`.
 * The message of any other error stays on the server. Source: Microsoft.AspNet.SignalR.Core,
 * HubException and HubResponse.
 */
export class HubError extends Error {
  readonly data: unknown;

  constructor(message: string, data?: unknown) {
    super(message);
    this.name = 'HubError';
    this.data = data;
  }
}

/** A request the protocol does not allow; the message is safe to show to its sender. */
export class ClassicRequestError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'ClassicRequestError';
    this.status = status;
    this.headers = headers;
  }
}
