import type { CallLevels } from '@hush/client';
import { useCallback, useSyncExternalStore } from 'react';
import { session } from './session.ts';

export type TrackLevels = CallLevels['tracks'];

const LOOK_MS = 700;
/** More are not asked for at once; no more are on a screen. */
const MAX_CALLS = 40;

const wanted = new Map<string, Set<() => void>>();
const known = new Map<string, TrackLevels>();
let isLooking = false;

/** One question for all calls that are on the screen, as long as somebody looks at it. */
async function look(): Promise<void> {
  if (wanted.size === 0) {
    isLooking = false;
    return;
  }
  if (document.visibilityState === 'visible') {
    const result = await session.client.calls.levels([...wanted.keys()].slice(0, MAX_CALLS));
    // Of what is not answered nothing is known: a meter that stands still would be believed.
    known.clear();
    for (const { id, tracks } of result.ok ? result.value : []) known.set(id, tracks);
    for (const listener of [...wanted.values()].flatMap((some) => [...some])) listener();
  }
  setTimeout(() => void look(), LOOK_MS);
}

function want(id: string, listener: () => void): () => void {
  const listeners = wanted.get(id) ?? new Set();
  wanted.set(id, listeners.add(listener));
  if (!isLooking) {
    isLooking = true;
    setTimeout(() => void look());
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    wanted.delete(id);
    known.delete(id);
  };
}

/** How loud each party of a call is, some times a second. */
export function useLevels(id: string): TrackLevels | undefined {
  const subscribe = useCallback((listener: () => void) => want(id, listener), [id]);
  return useSyncExternalStore(subscribe, () => known.get(id));
}
