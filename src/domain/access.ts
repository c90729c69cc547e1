import { parseRequesterUri, uriKey } from './sip-uri.ts';
import { isAgent, isSupervisor, type Ucc, uccKey } from './ucc.ts';

/** Who a token makes its bearer (docs/reference/access.md). One bearer may have several. */
export const roles = ['integrator', 'agent', 'supervisor', 'auditor', 'admin'] as const;
export type Role = (typeof roles)[number];

const everybody = roles;

/** What a route or hub method needs, and the roles that have it. */
export const permissions = {
  readStates: everybody,
  command: ['integrator', 'agent', 'supervisor', 'admin'],
  /** Ends and renews pauses that somebody else took. */
  overridePause: ['supervisor', 'admin'],
  readCalls: everybody,
  readEvents: everybody,
  readRecordings: ['supervisor', 'auditor', 'admin'],
  listen: ['supervisor', 'auditor', 'admin'],
  holdRecordings: ['supervisor', 'admin'],
  erase: ['admin'],
  readArchive: ['auditor', 'admin'],
  changeArchive: ['admin'],
  readUccs: ['integrator', 'supervisor', 'auditor', 'admin'],
  changeUccs: ['admin'],
  readWebhooks: ['auditor', 'admin'],
  changeWebhooks: ['admin'],
  readPeople: ['auditor', 'admin'],
  changePeople: ['admin'],
  readMetrics: ['integrator', 'supervisor', 'auditor', 'admin'],
  readAuditLog: ['auditor', 'admin'],
  readAssurance: ['supervisor', 'auditor', 'admin'],
  reconcile: ['integrator', 'supervisor', 'auditor', 'admin'],
} as const satisfies Record<string, readonly Role[]>;
export type Permission = keyof typeof permissions;

/** Who the embedded issuer gave a token to, at that time. */
export interface Standing {
  /** `User.name` and its generation. */
  readonly user: string;
  readonly userGeneration: number;
  /** `User.createdAt`: who gets a removed user's name is somebody else. Null: of older releases. */
  readonly userSince: number | null;
  /** `Client.id` and its generation. */
  readonly client: string;
  readonly clientGeneration: number;
}

/** Whoever stands behind a request: the bearer of a verified token, or a caller without one. */
export interface Principal {
  /** The same text for the same bearer and for nobody else; empty without a token. */
  readonly key: string;
  /** As people know it: a user name; `anonymous` without a token. */
  readonly name: string;
  /** The client that asked for the token. */
  readonly client: string | null;
  readonly roles: readonly Role[];
  /** UCCs it is given by name, as `uccKey` spells them, or all of them. */
  readonly uccs: 'all' | ReadonlySet<string>;
  /** The SIP and tel URIs that it speaks as, as `uriKey` spells them. */
  readonly uris: ReadonlySet<string>;
  /** Unix ms; null: never. */
  readonly expiresAt: number | null;
  /** Only of tokens of the embedded issuer: they hold no longer than what they were given for. */
  readonly standing?: Standing;
}

/** Which door a request came through; `config`: what the settings' file says; `hush`: none. */
export const doors = ['v1', 'v2', 'api', 'hub', 'issuer', 'cli', 'config', 'hush'] as const;
export type Door = (typeof doors)[number];

export interface Caller {
  readonly principal: Principal;
  /** Of the client, as far as configured proxies tell it. */
  readonly address: string;
  readonly door: Door;
}

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

/** Who stands at the desk: whoever may read and write the data folder, by name of the account. */
export function deskCaller(name: string): Caller {
  return systemCaller(name, 'cli');
}

/** Who asks nobody: the account at the command line, the configuration file, Hush itself. */
export function systemCaller(name: string, door: 'cli' | 'config' | 'hush'): Caller {
  const principal: Principal = {
    ...{ key: '', name, client: null, roles: [], uris: new Set<string>() },
    ...{ uccs: 'all', expiresAt: null },
  };
  return { principal, address: '', door };
}
