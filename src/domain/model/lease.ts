import { leastAgeMs, type Moment } from '../common/moment.ts';

/**
 * A pause of a call, held for a limited time: whoever takes it says how long it needs, and renews
 * it while it does. Times are Unix ms.
 */
export interface Lease {
  /** As its holder names it; others may use the same name for theirs. */
  readonly owner: string;
  /** `Principal.key` of who took it; undefined of a lease that an older release took. */
  readonly takenBy?: string;
  /** Why, in the owner's words; no card data. */
  readonly reason: string | null;
  readonly ttlMs: number;
  /** Of the request that took it: the same request again takes nothing anew. */
  readonly idempotencyKey: string | null;
  readonly lookbackMs: number;
  readonly takenAt: number;
  readonly expiresAt: number;
  /** When it was taken or renewed; null of a lease that an older release took. */
  readonly renewedAt?: Moment | null;
  /** It was not renewed in time, and holds all the same. */
  readonly expired: boolean;
}

/** What becomes of a lease that nobody renewed. */
export const pauseExpiries = ['keep', 'resume', 'stop'] as const;
export type PauseExpiry = (typeof pauseExpiries)[number];

/** Owners whose pauses are no leases. */
export const reservedOwners: readonly string[] = ['api', 'hold'];

/** Whoever holds one call more often than this does so by a fault. */
export const MAX_LEASES_OF_HOLDER = 8;
/** A call with so many gives nobody a second one; a first one it refuses to nobody. */
export const MAX_LEASES = 64;

export const leaseLimits = { minTtlMs: 1_000, maxTtlMs: 3_600_000, maxLookbackMs: 10_000 } as const;

/**
 * A lease is one holder's: whoever takes another's owner has a lease of its own beside it. The same
 * text for the same lease, taken anew or renewed.
 */
export function leaseKey({ owner, takenBy }: Lease): string {
  return JSON.stringify([owner, takenBy ?? null]);
}

/** The leases with `lease` in the place of what it was before. */
export function withLease(leases: readonly Lease[], lease: Lease): readonly Lease[] {
  return [...withoutLease(leases, lease), lease];
}

export function withoutLease(leases: readonly Lease[], lease: Lease): readonly Lease[] {
  const key = leaseKey(lease);
  return leases.filter((other) => leaseKey(other) !== key);
}

/** How long it holds yet; the wall clock `now` (Unix ms) is asked only where no other one knows. */
export function remainingMs(lease: Lease, moment: Moment, now: number): number {
  const { renewedAt, ttlMs, expiresAt } = lease;
  if (renewedAt?.bootId === moment.bootId) {
    return Math.max(0, ttlMs - leastAgeMs(renewedAt, moment));
  }
  return Math.max(0, Math.min(ttlMs, expiresAt - now));
}
