import type { RecordingPeaks } from '@hush/client';
import { Group, Loader, Text } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Failed } from './notes.tsx';
import type { Selection } from './player.tsx';

const Player = lazy(async () => ({ default: (await import('./player.tsx')).Player }));

interface ListenProps {
  readonly id: string;
  /** Position in the recording, seconds. */
  readonly startAt: number;
  onSelect: ((selection: Selection | undefined) => void) | undefined;
  onBroken(seconds: number): void;
}

export function Listen({ id, startAt, onSelect, onBroken }: ListenProps) {
  const peaks = useQuery<RecordingPeaks>(`peaks/${id}`, () =>
    session.client.recordings.peaks(id, 1_500),
  );
  const sidecar = useQuery(`sidecar/${id}`, () => session.client.recordings.sidecar(id));
  const audio = useQuery(`audio/${id}`, () => session.client.recordings.audioUrl(id));
  const marks = useMemo(
    () =>
      (sidecar.value?.marks ?? [])
        .filter(({ action }) => action === 'Mark')
        .map(({ atMs }) => atMs),
    [sidecar.value],
  );
  const failed = [peaks, sidecar, audio].find(({ error }) => error);
  if (failed?.error) return <Failed error={failed.error} again={failed.again} />;
  if (!peaks.value || !sidecar.value || !audio.value) {
    return (
      <Group>
        <Loader size="sm" /> <Text>{texts.recording.loading}</Text>
      </Group>
    );
  }
  return (
    <div>
      <Group gap="lg" mb={4}>
        <Text size="sm">▲ {texts.recording.left}</Text>
        <Text size="sm" c="dimmed">
          ▼ {texts.recording.right}
        </Text>
      </Group>
      <Suspense fallback={<Loader aria-label={texts.recording.loading} />}>
        <Player
          peaks={peaks.value}
          url={audio.value}
          startAt={startAt}
          marks={marks}
          onSelect={onSelect}
          onBroken={onBroken}
        />
      </Suspense>
    </div>
  );
}
