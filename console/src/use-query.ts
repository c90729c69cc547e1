import type { HushError, Result } from '@hush/client';
import { useCallback, useEffect, useState } from 'react';

export interface Asked<Value> {
  readonly value: Value | undefined;
  readonly error: HushError | undefined;
  again(): void;
}

/** Returns the answer to a request, which is repeated when `key` changes. */
export function useQuery<Value>(key: string, ask: () => Promise<Result<Value>>): Asked<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; error?: HushError }>({
    key: '',
  });
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is asked.
  useEffect(() => {
    let isCurrent = true;
    void ask().then((result) => {
      if (!isCurrent) return;
      setState(result.ok ? { key, value: result.value } : { key, error: result.error });
    });
    return () => {
      isCurrent = false;
    };
  }, [key, round]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  const isThis = state.key === key;
  return {
    value: isThis ? state.value : undefined,
    error: isThis ? state.error : undefined,
    again,
  };
}
