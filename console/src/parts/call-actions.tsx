import type { Call, CommandAction } from '@hush/client';
import { Button, Group, TextInput } from '@mantine/core';
import { texts } from '../texts.ts';
import type { Command } from '../use-command.ts';

/** Actions of keys on the focused call. */
export const actionKeys: Record<string, CommandAction> = {
  p: 'Pause',
  s: 'Start',
  m: 'Mark',
  u: 'UnMark',
  x: 'Stop',
  k: 'Save',
  d: 'Delete',
};

interface CallActionsProps {
  readonly call: Call;
  readonly command: Command;
  /** Shows Stop as well: a row has a key for it, but no room. */
  readonly isWhole?: boolean;
}

export function CallActions({ call, command, isWhole = false }: CallActionsProps) {
  const isOn = call.recordingState === 'Started';
  const actions: CommandAction[] = [
    isOn ? 'Pause' : 'Start',
    call.markingState === 'Mark' ? 'UnMark' : 'Mark',
    'Save',
    'Delete',
    ...(isWhole ? (['Stop'] as const) : []),
  ];
  return (
    <Group gap={4} wrap={isWhole ? 'wrap' : 'nowrap'}>
      {actions.map((action) => (
        <Button
          key={action}
          size="compact-sm"
          variant={action === 'Start' ? 'filled' : 'default'}
          onClick={() => void command(call, action)}
        >
          {texts.actions[action]}
        </Button>
      ))}
    </Group>
  );
}

interface RequesterProps {
  readonly requester: string;
  setRequester(requester: string): void;
}

export function Requester({ requester, setRequester }: RequesterProps) {
  return (
    <TextInput
      label={texts.live.requester}
      placeholder="sip:agent@domain.com"
      value={requester}
      onChange={(event) => setRequester(event.currentTarget.value)}
      w={260}
    />
  );
}
