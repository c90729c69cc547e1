import type { Call } from '@hush/client';
import { Badge, Group, Text } from '@mantine/core';
import { alarmWords, clock, ownerName } from '../format.ts';
import { texts } from '../texts.ts';
import { useNow } from '../use-now.ts';

type Look = 'recording' | 'paused' | 'hold' | 'off';

/** The state is shown by shape and word as well as by colour. */
const looks: Record<Look, { color: string; shape: string; variant: 'filled' | 'light' }> = {
  recording: { color: 'teal.9', shape: '●', variant: 'filled' },
  paused: { color: '#b03a0a', shape: '❚❚', variant: 'filled' },
  hold: { color: 'blue.9', shape: '▬', variant: 'light' },
  off: { color: 'gray.7', shape: '■', variant: 'light' },
};

type Shown = Pick<Call, 'recordingState' | 'pausedBy' | 'notKeptSince' | 'alarms'>;

/** Shows the state of the recorder, how long it has kept nothing, and the owners of the pause. */
export function StateBadge({ call }: { readonly call: Shown }) {
  const { recordingState, pausedBy, notKeptSince, alarms } = call;
  const owners = pausedBy.filter((owner) => owner !== 'hold');
  const look = lookOf(call);
  const words =
    look === 'paused'
      ? texts.states.Paused
      : look === 'hold'
        ? texts.states.hold
        : texts.states[recordingState];
  const { color, shape, variant } = looks[look];
  return (
    <Group gap="xs" wrap="nowrap" miw={0}>
      <Badge
        size="lg"
        radius="sm"
        color={color}
        variant={variant}
        autoContrast
        miw="max-content"
        leftSection={<span aria-hidden="true">{shape}</span>}
        data-look={look}
      >
        {words}
        {notKeptSince !== null && <Elapsed since={notKeptSince} />}
      </Badge>
      {alarms.length > 0 && <Trouble alarms={alarms} />}
      {owners.length > 0 && (
        <Text size="sm" c="dimmed" truncate miw={0}>
          {owners.length === 1
            ? ownerName(owners[0] ?? '')
            : `${owners.length} ${texts.live.owners}`}
        </Text>
      )}
    </Group>
  );
}

function lookOf({ recordingState, pausedBy }: Shown): Look {
  const isPaused = recordingState === 'Paused' || pausedBy.some((owner) => owner !== 'hold');
  if (isPaused) return 'paused';
  if (pausedBy.includes('hold')) return 'hold';
  return recordingState === 'Started' ? 'recording' : 'off';
}

function Trouble({ alarms }: Pick<Shown, 'alarms'>) {
  return (
    <Badge
      size="lg"
      radius="sm"
      color="red.9"
      miw="max-content"
      title={alarmWords(alarms)}
      leftSection={<span aria-hidden="true">▲</span>}
      data-look="trouble"
    >
      {texts.states.trouble}
    </Badge>
  );
}

function Elapsed({ since }: { readonly since: string }) {
  const now = useNow();
  return ` ${clock(now - Date.parse(since))}`;
}
