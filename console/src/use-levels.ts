import type { CallLevels } from '@hush/client';
import { useCallback, useSyncExternalStore } from 'react';
import { session } from './session.ts';

export type TrackLevels = CallLevels['tracks'];

const LOOK_MS = 700;
/** Calls per request; no more fit on a screen. */
const MAX_CALLS = 40;

const wanted = new Map<string, Set<() => void>>();
const known = new Map<string, TrackLevels>();
let isLooking = false;

/** Requests the levels of all calls on the screen at once, while somebody watches them. */
async function look(): Promise<void> {
  if (wanted.size === 0) {
    isLooking = false;
    return;
  }
  if (document.visibilityState === 'visible') {
    const result = await session.client.calls.levels([...wanted.keys()].slice(0, MAX_CALLS));
    // Levels without an answer are dropped: a frozen meter would be believed.
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

/** Returns the level of each party of a call, more than once a second. */
export function useLevels(id: string): TrackLevels | undefined {
  const subscribe = useCallback((listener: () => void) => want(id, listener), [id]);
  return useSyncExternalStore(subscribe, () => known.get(id));
}
