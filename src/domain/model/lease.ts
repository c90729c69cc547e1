import { leastAgeMs, type Moment } from '../common/moment.ts';

/**
 * A pause of a call, held for a limited time: its holder says how long it needs, and renews it
 * while it does. Times are Unix ms.
 */
export interface Lease {
  /** Name given by its holder; others may use the same name for theirs. */
  readonly owner: string;
  /** `Principal.key` of the holder; undefined for a lease of an older release. */
  readonly takenBy?: string;
  /** The owner's reason; no card data. */
  readonly reason: string | null;
  readonly ttlMs: number;
  /** Key of the request that took it: repeating the request takes no new lease. */
  readonly idempotencyKey: string | null;
  readonly lookbackMs: number;
  readonly takenAt: number;
  readonly expiresAt: number;
  /** Time when it was taken or renewed; null for a lease of an older release. */
  readonly renewedAt?: Moment | null;
  /** It was not renewed in time, and holds all the same. */
  readonly expired: boolean;
}

/** Handling of a lease that was not renewed. */
export const pauseExpiries = ['keep', 'resume', 'stop'] as const;
export type PauseExpiry = (typeof pauseExpiries)[number];

/** Owners whose pauses are no leases. */
export const reservedOwners: readonly string[] = ['api', 'hold'];

/** More leases of one holder on a call indicate a fault. */
export const MAX_LEASES_OF_HOLDER = 8;
/** Beyond this number a call grants second leases to nobody, but refuses nobody a first one. */
export const MAX_LEASES = 64;

export const leaseLimits = { minTtlMs: 1_000, maxTtlMs: 3_600_000, maxLookbackMs: 10_000 } as const;

/**
 * Returns the lease's key: the same text for the same lease, taken anew or renewed. A lease belongs
 * to one holder: taking another holder's owner name makes a lease of one's own beside it.
 */
export function leaseKey({ owner, takenBy }: Lease): string {
  return JSON.stringify([owner, takenBy ?? null]);
}

/** Returns the leases with `lease` replacing its earlier version. */
export function withLease(leases: readonly Lease[], lease: Lease): readonly Lease[] {
  return [...withoutLease(leases, lease), lease];
}

export function withoutLease(leases: readonly Lease[], lease: Lease): readonly Lease[] {
  const key = leaseKey(lease);
  return leases.filter((other) => leaseKey(other) !== key);
}

/** Returns how long it still holds; the wall clock `now` (Unix ms) is the last resort. */
export function remainingMs(lease: Lease, moment: Moment, now: number): number {
  const { renewedAt, ttlMs, expiresAt } = lease;
  if (renewedAt?.bootId === moment.bootId) {
    return Math.max(0, ttlMs - leastAgeMs(renewedAt, moment));
  }
  return Math.max(0, Math.min(ttlMs, expiresAt - now));
}
