import { may, type Permission, type Principal, seesAllUccs, seesUcc } from '../domain/access.ts';
import type { Ucc } from '../domain/ucc.ts';
import { hubContract } from './hub-contract.ts';
import { SubscriptionError } from './subscriptions.ts';

export type HubMethodName = keyof typeof hubContract.methods;

/** Who a connection belongs to; both SignalRs carry it as their `user`. */
export function principalOf({ user }: { readonly user: unknown }): Principal {
  return user as Principal;
}

/** @throws SubscriptionError when the caller may not call the method */
export function requireAccess(principal: Principal, method: HubMethodName): void {
  const needed: Permission = hubContract.methods[method].access;
  if (!may(principal, needed)) throw new SubscriptionError('You are not allowed to do this.');
}

/** A later request of a connection acts for it only when it is the same bearer's. */
export function isSameBearer(known: unknown, now: unknown): boolean {
  return (known as Principal).key === (now as Principal).key;
}

export function expiryOf(user: unknown): number | undefined {
  return (user as Principal).expiresAt ?? undefined;
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
