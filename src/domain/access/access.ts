import { parseRequesterUri, uriKey } from '../identifiers/sip-uri.ts';
import {
  type Caller,
  type Permission,
  type Principal,
  permissions,
  type Role,
} from '../model/principal.ts';
import { isAgent, isSupervisor, type Ucc, uccKey } from '../model/ucc.ts';

/** A caller without a token, whose network and `auth.anonymousRole` let it in. */
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

/** True for who sees every UCC, those to come included. */
export function seesAllUccs({ roles: held, uccs }: Principal): boolean {
  return uccs === 'all' || held.includes('admin') || held.includes('auditor');
}

/**
 * A UCC is given by the token; or, to an agent or supervisor, by the UCC's own lists. What is not
 * given does not exist for the principal.
 */
export function seesUcc(principal: Principal, ucc: Ucc): boolean {
  const { uccs, roles: held, uris } = principal;
  if (seesAllUccs(principal)) return true;
  if (uccs !== 'all' && uccs.has(uccKey(ucc.name))) return true;
  if (held.includes('agent') && [...uris].some((uri) => isAgent(ucc, uri))) return true;
  return held.includes('supervisor') && [...uris].some((uri) => isSupervisor(ucc, uri));
}

/**
 * Whether the principal may command on behalf of the requester. An agent only as itself; with
 * `mustMatch` (`auth.requesterMustMatchToken`) so does everybody, and a caller without a token for
 * nobody. What is no URI is left to the contract, which has its own words for it.
 */
export function speaksFor(principal: Principal, requester: unknown, mustMatch: boolean): boolean {
  const uri = parseRequesterUri(requester);
  if (uri === undefined || principal.uris.has(uriKey(uri))) return true;
  return !speaksAsItselfOnly(principal, mustMatch);
}

/** Whether the principal commands as itself only, whoever it says it asks for. */
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

/** Who asks nobody: the account at the command line, the configuration file, Hush itself. */
export function systemCaller(name: string, surface: 'cli' | 'config' | 'hush'): Caller {
  const principal: Principal = {
    ...{ key: '', name, client: null, roles: [], uris: new Set<string>() },
    ...{ uccs: 'all', expiresAt: null },
  };
  return { principal, address: '', surface };
}
