import type { LeaseRequest } from '../../domain/control/lease-entries.ts';
import { cleanName, cleanText } from '../../domain/redaction/client-text.ts';

export interface LeaseBody {
  readonly owner: string;
  readonly requester?: string;
  readonly reason?: string;
  readonly ttlMs: number;
  readonly lookbackMs?: number;
}

/** A lease as it is asked for, its texts as they may be kept. */
export function askedLease(
  { owner, requester, reason, ttlMs, lookbackMs }: LeaseBody,
  key: string | undefined,
): Omit<LeaseRequest, 'ifVersion'> {
  return {
    owner: cleanName(owner),
    reason: reason === undefined ? null : cleanText(reason),
    idempotencyKey: key === undefined ? null : cleanName(key),
    ...{ ttlMs, lookbackMs, requester },
  };
}
