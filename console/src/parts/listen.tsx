import type { RecordingPeaks, Result } from '@hush/client';
import { Group, Loader, Text } from '@mantine/core';
import { lazy, Suspense, useEffect, useMemo } from 'react';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { type Asked, useAsked } from '../use-asked.ts';
import { Failed } from './notes.tsx';
import type { Selection } from './player.tsx';

const Player = lazy(async () => ({ default: (await import('./player.tsx')).Player }));

interface ListenProps {
  readonly id: string;
  /** Seconds into it. */
  readonly startAt: number;
  onSelect: ((selection: Selection | undefined) => void) | undefined;
}

export function Listen({ id, startAt, onSelect }: ListenProps) {
  const peaks = useAsked<RecordingPeaks>(`peaks/${id}`, () =>
    session.client.recordings.peaks(id, 1_500),
  );
  const sidecar = useAsked(`sidecar/${id}`, () => session.client.recordings.sidecar(id));
  const audio = useAudioUrl(id);
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
        />
      </Suspense>
    </div>
  );
}

/** An audio element sends no token: with one the file is fetched first, without one in ranges. */
function useAudioUrl(id: string): Asked<string> {
  const audio = useAsked(`audio/${id}`, async (): Promise<Result<string>> => {
    if (!session.isSignedIn) return { ok: true, value: `/api/recordings/${id}/audio` };
    const answered = await session.client.recordings.audio(id);
    if (!answered.ok) return answered;
    return { ok: true, value: URL.createObjectURL(await answered.value.blob()) };
  });
  const { value } = audio;
  useEffect(() => () => (value ? URL.revokeObjectURL(value) : undefined), [value]);
  return audio;
}
