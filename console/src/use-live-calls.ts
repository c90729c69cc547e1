import type { Call, HushError } from '@hush/client';
import { startTransition, useEffect, useState } from 'react';
import { session } from './session.ts';

export interface LiveCalls {
  readonly calls: readonly Call[] | undefined;
  readonly error: HushError | undefined;
  /** False while events do not come: what is shown may be old. */
  readonly isConnected: boolean;
}

/** Many events of one moment are one look. */
const GATHER_MS = 150;
/** A look also without events: what was missed while the machine slept. */
const LOOK_AGAIN_MS = 15_000;

/** Calls in progress, looked at anew whenever an event says that something has changed. */
export function useLiveCalls(): LiveCalls {
  const [state, setState] = useState<LiveCalls>({
    ...{ calls: undefined, error: undefined, isConnected: true },
  });
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const result = await session.client.calls.list({}, { signal: ended.signal });
      if (ended.signal.aborted) return;
      startTransition(() =>
        setState((before) =>
          result.ok
            ? { calls: result.value, error: undefined, isConnected: before.isConnected }
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
      for await (const _ of events) {
        setState((before) => (before.isConnected ? before : { ...before, isConnected: true }));
        lookSoon();
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
  }, []);
  return state;
}
