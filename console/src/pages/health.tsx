import { Badge, Group, SimpleGrid, Stack, Title } from '@mantine/core';
import { Alarms } from '../parts/alarms.tsx';
import { ArchiveCheck } from '../parts/archive-check.tsx';
import { Day } from '../parts/day.tsx';
import { Storage } from '../parts/storage.tsx';
import { type Permission, session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';

/** Open alarms, and whether everything was recorded that should be. */
export function HealthPage({ may }: { may(permission: Permission): boolean }) {
  const health = useQuery('health', () => session.client.request('GET /api/health', {}));
  return (
    <Stack gap="xl">
      <Group>
        <Title order={1} size="h2">
          {texts.nav.health}
        </Title>
        {health.value && (
          <Badge color="teal.9" size="lg" radius="sm">
            ● {texts.health.ready}
          </Badge>
        )}
        {health.error && (
          <Badge color="red.9" size="lg" radius="sm">
            ▲ {texts.health.degraded}
          </Badge>
        )}
      </Group>
      <Alarms />
      <Day />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Storage />
        {may('readArchive') && <ArchiveCheck canStart={may('changeArchive')} />}
      </SimpleGrid>
    </Stack>
  );
}
