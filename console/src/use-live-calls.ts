import type { Call, HushError, Result } from '@hush/client';
import { startTransition, useEffect, useState } from 'react';
import { session } from './session.ts';

export interface Live<Value> {
  readonly value: Value | undefined;
  readonly error: HushError | undefined;
  /** False while no events arrive: the data shown may be old. */
  readonly isConnected: boolean;
}

/** Events this close together cause one request. */
const GATHER_MS = 150;
/** Interval of requests without events, for those missed while the machine slept. */
const LOOK_AGAIN_MS = 15_000;
const NOT_FOUND = 404;

/** Returns the calls in progress. */
export function useLiveCalls(): Live<readonly Call[]> {
  return useLive('', (signal) => session.client.calls.list({}, { signal }));
}

/** Returns one call; `null` once it is not, or no longer, in progress. */
export function useLiveCall(id: string): Live<Call | null> {
  return useLive<Call | null>(id, async () => {
    const result = await session.client.call(id).get();
    const isOver = !result.ok && result.error.kind === 'http' && result.error.status === NOT_FOUND;
    return isOver ? { ok: true, value: null } : result;
  });
}

/**
 * Returns the answer to a request, which is repeated whenever an event reports a change.
 * @param callId whose events count; empty for all
 */
function useLive<Value>(
  callId: string,
  ask: (signal: AbortSignal) => Promise<Result<Value>>,
): Live<Value> {
  const [state, setState] = useState<Live<Value>>({
    value: undefined,
    error: undefined,
    isConnected: true,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the id says what is asked.
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const result = await ask(ended.signal);
      if (ended.signal.aborted) return;
      startTransition(() =>
        setState((before) =>
          result.ok
            ? { value: result.value, error: undefined, isConnected: before.isConnected }
            : { ...before, error: result.error },
        ),
      );
    };
    const lookSoon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void look();
      }, GATHER_MS);
    };
    const follow = async (): Promise<void> => {
      const events = session.client.events({
        signal: ended.signal,
        onReconnect: () => {
          setState((before) => ({ ...before, isConnected: false }));
          lookSoon();
        },
      });
      for await (const { recordingId, correlationId } of events) {
        setState((before) => (before.isConnected ? before : { ...before, isConnected: true }));
        if (['', recordingId, correlationId].includes(callId)) lookSoon();
      }
    };
    void look();
    void follow().catch(() => setState((before) => ({ ...before, isConnected: false })));
    const again = setInterval(() => void look(), LOOK_AGAIN_MS);
    const onVisible = (): void => {
      if (document.visibilityState === 'visible') void look();
    };
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      ended.abort();
      clearTimeout(timer);
      clearInterval(again);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [callId]);
  return state;
}
