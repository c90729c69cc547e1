import type { MarkerCall } from '../../support/calls.ts';
import { agent, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { addPeople, fetchToken, tenantId } from '../../support/people.ts';
import { type ApiBench, openBench } from '../api-support.ts';

export let bench: ApiBench;
export let live: MarkerCall;
export const tokens = new Map<string, string>();

/** Starts a Hush with a call in progress, and users who may pause it. */
export async function open(requesterMustMatchToken = false): Promise<void> {
  const dataDir = temporaryFolder();
  const everywhere = { uccs: ['*'], sipUri: null };
  const people = await addPeople(dataDir, [
    { name: 'page', roles: ['integrator'], ...everywhere },
    { name: 'crm', roles: ['integrator'], ...everywhere },
    { name: 'eva', roles: ['agent'], uccs: ['*'], sipUri: agent },
    { name: 'tom', roles: ['agent'], uccs: ['*'], sipUri: 'sip:tom@domain.com' },
    { name: 'sue', roles: ['supervisor'], ...everywhere },
    { name: 'ada', roles: ['admin'], ...everywhere },
    { name: 'max', roles: ['auditor'], ...everywhere },
  ]);
  bench = await openBench({
    change: (config) => ({
      ...config,
      dataDir,
      auth: { ...config.auth, mode: 'embedded', tenantId, requesterMustMatchToken },
    }),
  });
  for (const person of people) tokens.set(person.name, await fetchToken(bench.hush.api, person));
  live = await bench.caller.call(bench.hush, { silent: true });
}

export async function close(): Promise<void> {
  await live.call.end();
  await bench.close();
}

interface Asked {
  readonly owner: string;
  readonly body?: object;
  readonly query?: string;
  readonly idempotencyKey?: string;
}

/** Requests as `who`; without a name, without a token. */
export async function ask(
  who: string | undefined,
  method: 'POST' | 'PUT' | 'DELETE',
  asked: Asked,
) {
  const path = method === 'POST' ? '' : `/${asked.owner}`;
  const body =
    method === 'POST' ? { owner: asked.owner, ttlMs: 60_000, ...asked.body } : asked.body;
  const token = who === undefined ? undefined : tokens.get(who);
  const response = await fetch(
    `${bench.hush.api}/api/calls/${live.correlationId}/pauses${path}${asked.query ?? ''}`,
    {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(method === 'DELETE' ? {} : { 'Content-Type': 'application/json' }),
        ...(asked.idempotencyKey ? { 'Idempotency-Key': asked.idempotencyKey } : {}),
      },
      ...(method === 'DELETE' ? {} : { body: JSON.stringify(body ?? {}) }),
    },
  );
  const answer = (await response.json()) as { detail?: string };
  return [response.status, answer.detail];
}

export async function pauses(who: string): Promise<unknown> {
  const path = `${bench.hush.api}/api/calls/${live.correlationId}/pauses`;
  const response = await fetch(path, { headers: { Authorization: `Bearer ${tokens.get(who)}` } });
  return ((await response.json()) as { pauses: unknown }).pauses;
}

export const notYours = [403, 'Somebody else took this pause: its owner gives it back.'];

export async function auditLog(): Promise<{ who: string; action: string; outcome: string }[]> {
  const response = await fetch(`${bench.hush.api}/api/audit-log?limit=100&ucc=${ucc}`, {
    headers: { Authorization: `Bearer ${tokens.get('ada')}` },
  });
  const { items } = (await response.json()) as { items: Awaited<ReturnType<typeof auditLog>> };
  return items;
}
