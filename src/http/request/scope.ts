import type { FastifyRequest } from 'fastify';
import { seesAllUccs, seesUcc } from '../../domain/access/access.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { Principal } from '../../domain/model/principal.ts';
import { type Ucc, uccKey } from '../../domain/model/ucc.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';

interface Uccs {
  readonly uccs: UccRegistry;
}

/** The UCC, unless it is not there or not given to the principal: the two cannot be told apart. */
export function uccFor({ uccs }: Uccs, principal: Principal, name: string): Ucc | undefined {
  const ucc = uccs.get(name);
  return ucc && seesUcc(principal, ucc) ? ucc : undefined;
}

/** Does the same for a UCC that a request names; one that exists and is not given is denied. */
export function askedUcc(
  services: Uccs,
  request: Pick<FastifyRequest, 'caller' | 'hidden'>,
  name: string,
): Ucc | undefined {
  const ucc = uccFor(services, request.caller.principal, name);
  if (!ucc && services.uccs.get(name)) request.hidden = { uccName: uccKey(name) };
  return ucc;
}

/** A recording is heard by whoever sees a UCC that took part in it. */
export function seesRecording(
  uccs: Uccs,
  principal: Principal,
  { dialogue }: Pick<CallRecord, 'dialogue'>,
): boolean {
  return dialogue.uccs.some((name) => isGiven(uccs, principal, name));
}

/** A call is seen by whoever sees a UCC of its dialogue. */
export function seesDialogue(
  uccs: Uccs,
  principal: Principal,
  { dialogue }: Pick<CallRecord, 'dialogue'>,
): boolean {
  return dialogue.ruledBy.some((name) => uccFor(uccs, principal, name) !== undefined);
}

export function uccsFor({ uccs }: Uccs, principal: Principal): Ucc[] {
  const all = uccs.list();
  return seesAllUccs(principal) ? all : all.filter((ucc) => seesUcc(principal, ucc));
}

/** Whether the contract may speak of the UCC; who sees all is told that one is not there. */
export function isGiven(uccs: Uccs, principal: Principal, name: string): boolean {
  return seesAllUccs(principal) || uccFor(uccs, principal, name) !== undefined;
}

/** Returns UCCs as `RecordingFilter.uccs` takes them; undefined: all of them. */
export function scopeOf(uccs: Uccs, principal: Principal): string[] | undefined {
  if (seesAllUccs(principal)) return undefined;
  return uccsFor(uccs, principal).map(({ name }) => uccKey(name));
}
