/** The owner of a data folder or a database, as far as it is known. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Unix ms */
  readonly since: number;
  /** True once it has begun to stop: the lock will soon be free. */
  readonly isLeaving: boolean;
}

/** A folder or database belongs to another process; the message is a sentence for an operator. */
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
