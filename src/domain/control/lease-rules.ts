import { may, seesUcc, speaksAsItselfOnly, speaksFor } from '../access/access.ts';
import { parseRequesterUri } from '../identifiers/sip-uri.ts';
import type { CallRecord } from '../model/call-record.ts';
import { type Lease, MAX_LEASES, MAX_LEASES_OF_HOLDER } from '../model/lease.ts';
import type { Caller, Principal } from '../model/principal.ts';
import { isMember, type Ucc } from '../model/ucc.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { LeaseRefusalCode } from './lease-refusals.ts';

/** Returns the UCCs of the call's dialogue that the principal sees: these govern its leases. */
export function uccsSeen(
  uccs: Pick<UccRegistry, 'get'>,
  { dialogue }: Pick<CallRecord, 'dialogue'>,
  principal: Principal,
): Ucc[] {
  return dialogue.ruledBy
    .flatMap((name) => uccs.get(name) ?? [])
    .filter((ucc) => seesUcc(principal, ucc));
}

/**
 * Returns why the caller may not command on that behalf, by the rules of the contract's commands. A
 * caller that speaks only as itself and names nobody is its own requester.
 */
export function requesterRefusal(
  { principal }: Caller,
  requester: string | undefined,
  { uccs, mustMatch }: { readonly uccs: readonly Ucc[]; readonly mustMatch: boolean },
): LeaseRefusalCode | undefined {
  const isMemberOfOne = (uri: string): boolean => uccs.some((ucc) => isMember(ucc, uri));
  if (requester !== undefined) {
    const uri = parseRequesterUri(requester);
    if (uri === undefined) return 'requesterInvalid';
    if (!speaksFor(principal, requester, mustMatch)) return 'requesterNotBearer';
    return isMemberOfOne(uri) ? undefined : 'requesterNotMember';
  }
  if (!speaksAsItselfOnly(principal, mustMatch)) return undefined;
  return [...principal.uris].some(isMemberOfOne) ? undefined : 'requesterNotMember';
}

/** The right by which a lease is changed: as its holder, or by a right to end others'. */
export type Hold = 'own' | 'override';

/** Returns the caller's lease of that owner, or one of an older release, which has no holder. */
export function ownLease(
  leases: readonly Lease[],
  owner: string,
  { principal }: Caller,
): Lease | undefined {
  const named = leases.filter((lease) => lease.owner === owner);
  return (
    named.find((lease) => isHolder(lease, principal)) ??
    named.find((lease) => lease.takenBy === undefined)
  );
}

/**
 * Returns the lease that the caller renews or releases: its own or, with `overridePause`, the
 * earliest of that owner. A caller without a token never overrides.
 */
export function leaseReached(
  leases: readonly Lease[],
  owner: string,
  caller: Caller,
): { readonly lease: Lease; readonly hold: Hold } | 'noSuchLease' | 'notYourLease' {
  const own = ownLease(leases, owner, caller);
  if (own) return { lease: own, hold: 'own' };
  const [first] = leases
    .filter((lease) => lease.owner === owner)
    .sort((one, other) => one.takenAt - other.takenAt);
  if (!first) return 'noSuchLease';
  const { principal } = caller;
  const overrides = principal.key !== '' && may(principal, 'overridePause');
  return overrides ? { lease: first, hold: 'override' } : 'notYourLease';
}

/** Returns true when the caller may take another lease; a first one is never refused. */
export function mayTakeOne(leases: readonly Lease[], { principal }: Caller): boolean {
  const own = leases.filter((lease) => isHolder(lease, principal)).length;
  return own === 0 || (own < MAX_LEASES_OF_HOLDER && leases.length < MAX_LEASES);
}

function isHolder({ takenBy }: Lease, principal: Principal): boolean {
  return takenBy === principal.key;
}

/** Names the action in the audit log: the change, the pause's owner, and the right used. */
export function leaseAuditAction(action: string, owner: string, hold: Hold): string {
  return hold === 'own' ? `${action} ${owner}` : `${action} ${owner} (overridePause)`;
}
