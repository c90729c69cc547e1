import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '../target.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Deletes are carried out once no Save can come any more; retries take seconds. */
const SETTLE_TIMEOUT_MS = 60_000;
const POLL_MS = 500;
const PAGE = 100;
const settledStatuses = new Set(['kept', 'destroyed', 'empty']);

/** Returns what is not yet as commanded, a minute after the last call ended. */
export async function leftUnsettled(target: Target): Promise<string[]> {
  const until = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const left = await unsettled(target).catch((cause: Error) => [cause.message]);
    if (left.length === 0 || performance.now() > until) return left;
    await delay(POLL_MS);
  }
}

/** Returns open alarms whose reason has gone, a minute after the last call. */
export async function openAlarms(target: Target): Promise<string[]> {
  const until = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const alarms = await all<{ kind: string; detail: string }>(target, '/api/alarms?open=true');
    if (alarms.length === 0 || performance.now() > until) {
      return alarms.map(({ kind, detail }) => `${kind}: ${detail}`);
    }
    await delay(POLL_MS);
  }
}

async function unsettled(target: Target): Promise<string[]> {
  const calls = await target.get<Page<{ id: string; pausedBy: string[] }>>('/api/calls');
  const recordings = await all<{ id: string; status: string; savingState: string }>(
    target,
    '/api/recordings?',
  );
  return [
    ...calls.items.map(({ id, pausedBy }) => `call ${id} is live, paused by [${pausedBy}]`),
    ...recordings
      .filter(({ status }) => !settledStatuses.has(status))
      .map(({ id, status }) => `recording ${id} is ${status}`),
  ];
}

async function all<Item>(target: Target, path: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Item> = await target.get(`${path}&limit=${PAGE}${more}`);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}
