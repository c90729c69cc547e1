import { parseRequesterUri, uriKey } from '../identifiers/sip-uri.ts';
import {
  type Caller,
  type Permission,
  type Principal,
  permissions,
  type Role,
} from '../model/principal.ts';
import { isAgent, isSupervisor, type Ucc, uccKey } from '../model/ucc.ts';

/** Returns a caller without a token, admitted by its network and `auth.anonymousRole`. */
export function anonymous(role: Role): Principal {
  return {
    key: '',
    name: 'anonymous',
    client: null,
    roles: [role],
    uccs: 'all',
    uris: new Set(),
    expiresAt: null,
  };
}

export function may(principal: Principal, permission: Permission): boolean {
  const allowed: readonly Role[] = permissions[permission];
  return principal.roles.some((role) => allowed.includes(role));
}

/** Returns true for a principal that sees every UCC, including future ones. */
export function seesAllUccs({ roles: held, uccs }: Principal): boolean {
  return uccs === 'all' || held.includes('admin') || held.includes('auditor');
}

/**
 * Returns true when the principal may see the UCC: granted by the token or, to an agent or
 * supervisor, by the UCC's own lists. A UCC that is not granted does not exist for the principal.
 */
export function seesUcc(principal: Principal, ucc: Ucc): boolean {
  const { uccs, roles: held, uris } = principal;
  if (seesAllUccs(principal)) return true;
  if (uccs !== 'all' && uccs.has(uccKey(ucc.name))) return true;
  if (held.includes('agent') && [...uris].some((uri) => isAgent(ucc, uri))) return true;
  return held.includes('supervisor') && [...uris].some((uri) => isSupervisor(ucc, uri));
}

/**
 * Returns true when the principal may command on behalf of the requester. An agent may do so only
 * as itself; with `mustMatch` (`auth.requesterMustMatchToken`) this holds for everybody, and a
 * caller without a token may for nobody. A value that is no URI is left to the contract, which has
 * its own error for it.
 */
export function speaksFor(principal: Principal, requester: unknown, mustMatch: boolean): boolean {
  const uri = parseRequesterUri(requester);
  if (uri === undefined || principal.uris.has(uriKey(uri))) return true;
  return !speaksAsItselfOnly(principal, mustMatch);
}

/** Returns true when the principal commands as itself only, whatever requester it names. */
export function speaksAsItselfOnly(principal: Principal, mustMatch: boolean): boolean {
  return mustMatch || !principal.roles.some(speaksForOthers);
}

function speaksForOthers(role: Role): boolean {
  const commanding: readonly Role[] = permissions.command;
  return role !== 'agent' && commanding.includes(role);
}

/** Names the operating system account that runs a command on the data folder. */
export function commandLineCaller(name: string): Caller {
  return systemCaller(name, 'cli');
}

/**
 * Names a caller that asks nobody: the command line's account, the configuration file, Hush itself.
 */
export function systemCaller(name: string, surface: 'cli' | 'config' | 'hush'): Caller {
  const principal: Principal = {
    key: '',
    name,
    client: null,
    roles: [],
    uris: new Set<string>(),
    uccs: 'all',
    expiresAt: null,
  };
  return { principal, address: '', surface };
}
