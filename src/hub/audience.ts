import { may, seesAllUccs, seesUcc } from '../domain/access/access.ts';
import type { AuditClass } from '../domain/model/audit-record.ts';
import type { Caller, Permission, Principal } from '../domain/model/principal.ts';
import type { Ucc } from '../domain/model/ucc.ts';
import { type HubMethodName, hubContract } from './hub-contract.ts';
import type { HubRead, RecordingHubOptions } from './options.ts';
import { SubscriptionError } from './subscriptions.ts';

/** Who a connection belongs to; both SignalRs carry it as their `user`. */
export function callerOf({ user }: { readonly user: unknown }): Caller {
  return user as Caller;
}

/** Whose roles and UCCs count. */
export function principalOf(connection: { readonly user: unknown }): Principal {
  return callerOf(connection).principal;
}

/** @throws SubscriptionError when the caller may not call the method */
export function requireAccess(principal: Principal, method: HubMethodName): void {
  const needed: Permission = hubContract.methods[method].access;
  if (!may(principal, needed)) throw new SubscriptionError('You are not allowed to do this.');
}

/** A UCC that is there, and that the caller does not see, was asked for. */
export async function auditDenied(
  options: Pick<RecordingHubOptions, 'ucc' | 'auditDenied'>,
  connection: { readonly user: unknown },
  what: HubRead & { readonly uccName: string },
): Promise<void> {
  if (options.ucc(what.uccName)) await options.auditDenied(callerOf(connection), what);
}

/** A later request of a connection acts for it only when it is the same bearer's. */
export function isSameBearer(known: unknown, now: unknown): boolean {
  return keyOf(known) === keyOf(now);
}

/** The same text for the same bearer. */
export function keyOf(user: unknown): string {
  return (user as Caller).principal.key;
}

export function expiryOf(user: unknown): number | undefined {
  return (user as Caller).principal.expiresAt ?? undefined;
}

/** The connections that an event of the UCC is for. */
export function* hearersOf<Connection extends { readonly user: unknown }>(
  connections: Iterable<Connection>,
  ucc: Ucc | undefined,
): Iterable<Connection> {
  for (const connection of connections) {
    const principal = principalOf(connection);
    if (seesAllUccs(principal) || (ucc && seesUcc(principal, ucc))) yield connection;
  }
}

/** What is forgotten is neither open nor unseen: the server does not start. */
export function requireClasses(
  methods: Readonly<Record<string, { access?: Permission; audit?: AuditClass }>>,
): void {
  for (const [name, { access, audit }] of Object.entries(methods)) {
    if (access === undefined) throw new Error(`the hub's ${name} does not say who may call it`);
    if (audit === undefined) throw new Error(`the hub's ${name} does not say what is on record`);
  }
}
