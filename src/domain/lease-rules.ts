import {
  type Caller,
  may,
  type Principal,
  seesUcc,
  speaksAsItselfOnly,
  speaksFor,
} from './access.ts';
import type { Lease } from './lease.ts';
import type { LeaseRefusalCode } from './lease-refusals.ts';
import type { CallRecord } from './records.ts';
import { parseRequesterUri } from './sip-uri.ts';
import { isMember, type Ucc } from './ucc.ts';
import type { UccRegistry } from './ucc-registry.ts';

/** The UCCs of the call's dialogue that the principal sees; a lease is a matter of these alone. */
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
 * Why the caller may not command on that behalf: the rules of the contract's commands. Who speaks
 * as itself only and names nobody is its own requester.
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

/**
 * `own`: the caller took it, or an older release, which did not say who. `override`: somebody else
 * did, and the caller may all the same; a caller without a token never may.
 */
export function holdOn(lease: Lease, { principal }: Caller): 'own' | 'override' | 'none' {
  if (lease.takenBy === undefined || lease.takenBy === principal.key) return 'own';
  return principal.key !== '' && may(principal, 'overridePause') ? 'override' : 'none';
}

/** For the audit log: what was done to whose pause, and by what right. */
export function leaseDeed(action: string, owner: string, hold: 'own' | 'override'): string {
  return hold === 'own' ? `${action} ${owner}` : `${action} ${owner} (overridePause)`;
}
