import type { Call, CommandAction } from '@hush/client';
import { useLocalStorage } from '@mantine/hooks';
import { useCallback, useRef, useState } from 'react';
import { callTitle } from './format.ts';
import { session } from './session.ts';
import { texts } from './texts.ts';

export type Command = (call: Call, action: CommandAction) => Promise<void>;

export interface Told {
  readonly text: string;
  readonly isError: boolean;
}

/** Sends contract commands for the remembered requester and keeps the outcome of the last one. */
export function useCommand() {
  const [requester, setRequester] = useLocalStorage({ key: 'hush-requester', defaultValue: '' });
  const [told, setTold] = useState<Told>();
  const onBehalfOf = useRef(requester);
  onBehalfOf.current = requester.trim();
  // The function never changes: a row is redrawn for its call alone.
  const command = useCallback<Command>(async (call, action) => {
    if (onBehalfOf.current === '') {
      setTold({ text: texts.live.requesterMissing, isError: true });
      return;
    }
    const { uccName, correlationId } = call;
    const asked = { uccName, correlationId, requester: onBehalfOf.current };
    const result = await session.client.contract.command(action, asked);
    const outcome = result.ok ? callTitle(call) : result.error.message;
    setTold({ text: `${texts.actions[action]}: ${outcome}`, isError: !result.ok });
  }, []);
  return { command, told, requester, setRequester };
}
