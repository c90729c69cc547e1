import { anonymous } from '../../../src/domain/access/access.ts';
import type { Caller } from '../../../src/domain/model/principal.ts';

/** Everybody's leases have the same name. */
export const lease = {
  ...{ owner: 'page', reason: null, ttlMs: 60_000, idempotencyKey: null },
  ...{ lookbackMs: undefined, ifVersion: undefined },
};

export function holderOf(key: string): Caller {
  const principal = { ...anonymous('integrator'), key };
  return { principal, address: '', surface: 'api' };
}
