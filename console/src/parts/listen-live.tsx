import { Button, type ButtonProps, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { listenTo } from '../live-player.ts';
import { texts } from '../texts.ts';

interface ListenLiveProps extends ButtonProps {
  readonly id: string;
}

/** Plays the recorded audio of a call in progress, about a second behind. */
export function ListenLive({ id, ...look }: ListenLiveProps) {
  const [isOn, setOn] = useState(false);
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    if (!isOn) return undefined;
    const left = new AbortController();
    setProblem(undefined);
    const ended = (message: string | undefined): void => {
      if (left.signal.aborted) return;
      setProblem(message);
      setOn(false);
    };
    listenTo(id, left.signal).then(
      (error) => ended(error?.message),
      () => ended(texts.failed),
    );
    return () => left.abort();
  }, [id, isOn]);
  return (
    <>
      <Button
        variant={isOn ? 'filled' : 'default'}
        aria-pressed={isOn}
        onClick={() => setOn((before) => !before)}
        {...look}
      >
        {isOn ? texts.live.stopListening : texts.live.listen}
      </Button>
      {problem && (
        <Text role="alert" size="sm" c="red.9">
          {problem}
        </Text>
      )}
    </>
  );
}
