import type { Call } from '@hush/client';
import { Badge } from '@mantine/core';
import { texts } from '../texts.ts';

type Look = 'recording' | 'paused' | 'hold' | 'off';

/** Told by shape and word as well as by colour. */
const looks: Record<Look, { color: string; shape: string; variant: 'filled' | 'light' }> = {
  recording: { color: 'teal.9', shape: '●', variant: 'filled' },
  paused: { color: 'orange.9', shape: '❚❚', variant: 'filled' },
  hold: { color: 'blue.9', shape: '▬', variant: 'light' },
  off: { color: 'gray.7', shape: '■', variant: 'light' },
};

export function StateBadge({
  recordingState,
  pausedBy,
}: Pick<Call, 'recordingState' | 'pausedBy'>) {
  const owners = pausedBy.filter((owner) => owner !== 'hold');
  const isPaused = recordingState === 'Paused' || owners.length > 0;
  const look: Look = isPaused
    ? 'paused'
    : pausedBy.includes('hold')
      ? 'hold'
      : recordingState === 'Started'
        ? 'recording'
        : 'off';
  const words = isPaused
    ? texts.states.Paused
    : look === 'hold'
      ? texts.states.hold
      : texts.states[recordingState];
  const { color, shape, variant } = looks[look];
  return (
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
    </Badge>
  );
}
