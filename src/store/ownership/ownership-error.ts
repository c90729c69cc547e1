/** Who owns a data folder or a database, as far as it can be told. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Unix ms */
  readonly since: number;
  /** It has begun to stop: who waits for it need not wait for long. */
  readonly isLeaving: boolean;
}

/** What was asked for belongs to another process; the message is a sentence for an operator. */
export class OwnershipError extends Error {
  override readonly name = 'OwnershipError';
  readonly code = 'HUSH_OWNERSHIP';
}

export function inUse(what: string, holder: Holder | undefined): OwnershipError {
  if (!holder) return new OwnershipError(`${what} is in use by another Hush; stop that one first`);
  const { pid, host, since, isLeaving } = holder;
  const doing = isLeaving ? ', which is stopping' : '';
  const who = `process ${pid} on ${host} since ${new Date(since).toISOString()}${doing}`;
  return new OwnershipError(`${what} is in use by Hush ${who}; stop that one first`);
}
