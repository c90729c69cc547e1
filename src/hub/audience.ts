import { may, seesAllUccs, seesUcc } from '../domain/access/access.ts';
import type { AuditClass } from '../domain/model/audit-record.ts';
import type { Caller, Permission, Principal } from '../domain/model/principal.ts';
import type { Ucc } from '../domain/model/ucc.ts';
import { type HubMethodName, hubContract } from './hub-contract.ts';
import type { HubRead, RecordingHubOptions } from './options.ts';
import { SubscriptionError } from './subscriptions.ts';

/** Returns the caller that a connection belongs to; both SignalRs carry it as their `user`. */
export function callerOf({ user }: { readonly user: unknown }): Caller {
  return user as Caller;
}

/** Returns the principal whose roles and UCCs count. */
export function principalOf(connection: { readonly user: unknown }): Principal {
  return callerOf(connection).principal;
}

/** @throws SubscriptionError if the caller may not call the method */
export function requireAccess(principal: Principal, method: HubMethodName): void {
  const needed: Permission = hubContract.methods[method].access;
  if (!may(principal, needed)) throw new SubscriptionError('You are not allowed to do this.');
}

/** Audits a request for an existing UCC that the caller does not see. */
export async function auditDenied(
  options: Pick<RecordingHubOptions, 'ucc' | 'auditDenied'>,
  connection: { readonly user: unknown },
  what: HubRead & { readonly uccName: string },
): Promise<void> {
  if (options.ucc(what.uccName)) await options.auditDenied(callerOf(connection), what);
}

/** True when a later request of a connection comes from the same bearer; others are refused. */
export function isSameBearer(known: unknown, now: unknown): boolean {
  return keyOf(known) === keyOf(now);
}

/** Returns a key that is equal for the same bearer. */
export function keyOf(user: unknown): string {
  return (user as Caller).principal.key;
}

export function expiryOf(user: unknown): number | undefined {
  return (user as Caller).principal.expiresAt ?? undefined;
}

/** Yields the connections that receive an event of the UCC. */
export function* hearersOf<Connection extends { readonly user: unknown }>(
  connections: Iterable<Connection>,
  ucc: Ucc | undefined,
): Iterable<Connection> {
  for (const connection of connections) {
    const principal = principalOf(connection);
    if (seesAllUccs(principal) || (ucc && seesUcc(principal, ucc))) yield connection;
  }
}

/**
 * Requires that every method has a permission and an audit class: else the server does not start.
 */
export function requireClasses(
  methods: Readonly<Record<string, { access?: Permission; audit?: AuditClass }>>,
): void {
  for (const [name, { access, audit }] of Object.entries(methods)) {
    if (access === undefined) throw new Error(`the hub's ${name} does not say who may call it`);
    if (audit === undefined) throw new Error(`the hub's ${name} does not say what is on record`);
  }
}
