import type { ArchiveCheck as Check } from '@hush/client';
import { Button, Card, Group, List, Loader, Stack, Text, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { bytes, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Failed } from './notes.tsx';

const LOOK_MS = 1_000;
const MAX_FINDINGS = 20;

/** The result of the last archive check, or the progress of a running one. */
export function ArchiveCheck({ canStart }: { readonly canStart: boolean }) {
  const [round, setRound] = useState(0);
  const check = useQuery(`archive-check/${round}`, () => session.client.archive.check());
  const [last, setLast] = useState<Check>();
  const [problem, setProblem] = useState<string>();
  const found = check.value ?? last;
  useEffect(() => {
    if (check.value) setLast(check.value);
    if (check.value?.state !== 'running') return undefined;
    const timer = setTimeout(() => setRound((before) => before + 1), LOOK_MS);
    return () => clearTimeout(timer);
  }, [check.value]);
  const start = async (deep: boolean): Promise<void> => {
    const started = await session.client.archive.startCheck({ deep });
    setProblem(started.ok ? undefined : started.error.message);
    setRound((before) => before + 1);
  };
  const isNew = check.error?.kind === 'http' && check.error.status === 404;
  return (
    <Card withBorder component="section">
      <Stack gap="xs">
        <Title order={2} size="h4">
          {texts.health.check}
        </Title>
        {check.error && !isNew && <Failed error={check.error} again={check.again} />}
        {problem && (
          <Text role="alert" size="sm" c="var(--mantine-color-error)">
            {problem}
          </Text>
        )}
        {isNew && <Text c="dimmed">{texts.health.neverChecked}</Text>}
        <div role="status">{found && <Report check={found} />}</div>
        {canStart && (
          <Group gap="xs">
            {[false, true].map((deep) => (
              <Button
                key={String(deep)}
                size="xs"
                variant="default"
                disabled={found?.state === 'running'}
                onClick={() => void start(deep)}
              >
                {deep ? texts.health.checkDeep : texts.health.checkNow}
              </Button>
            ))}
          </Group>
        )}
      </Stack>
    </Card>
  );
}

function Report({ check: { state, startedAt, endedAt, failure, progress } }: { check: Check }) {
  const { files, orphans, strangers, missing, damaged, findings } = progress;
  const bad = { orphans, strangers, missing, damaged };
  const names = Object.keys(bad) as (keyof typeof bad)[];
  const wrong = names.filter((name) => bad[name] > 0);
  const isRunning = state === 'running';
  return (
    <Stack gap={4}>
      <Group gap="xs">
        {isRunning && <Loader size="xs" aria-label={texts.health.checking} />}
        <Text size="sm">
          {isRunning ? texts.health.checking : when(endedAt ?? startedAt)}
          {`: ${files.toLocaleString()} `}
          {texts.health.files}, {bytes(progress.bytes)}
        </Text>
      </Group>
      {failure && <Text c="var(--mantine-color-error)">{failure}</Text>}
      {wrong.length === 0 && !isRunning && !failure && (
        <Text size="sm">{texts.health.allThere}</Text>
      )}
      {wrong.map((name) => (
        <Text key={name} size="sm" fw={600}>
          ▲ {bad[name]} {texts.health.findings[name]}
        </Text>
      ))}
      {findings.length > 0 && (
        <List size="sm">
          {findings.slice(0, MAX_FINDINGS).map(({ path, detail }) => (
            <List.Item key={path} style={{ overflowWrap: 'anywhere' }}>
              {path}: {detail}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}
