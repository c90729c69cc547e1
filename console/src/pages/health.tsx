import { Badge, Group, Stack, Table, Text, Title } from '@mantine/core';
import { when } from '../format.ts';
import { Empty, Failed } from '../parts/notes.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useAsked } from '../use-asked.ts';

export function HealthPage() {
  const alarms = useAsked('alarms', () =>
    session.client.request('GET /api/alarms', { query: { limit: 100 } }),
  );
  const health = useAsked('health', () => session.client.request('GET /api/health', {}));
  const items = (alarms.value?.items ?? []).filter(({ kind }) => kind !== 'dailySummary');
  return (
    <Stack>
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
      <Title order={2} size="h4">
        {texts.health.alarms}
      </Title>
      {alarms.error && <Failed error={alarms.error} again={alarms.again} />}
      {alarms.value && items.length === 0 && (
        <Empty title={texts.health.none} hint={texts.health.noneHint} />
      )}
      {items.length > 0 && (
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Tbody>
              {items.map(({ id, kind, at, clearedAt, detail, uccName }) => (
                <Table.Tr key={id}>
                  <Table.Td>
                    <Badge
                      color={clearedAt === null ? 'red.9' : 'gray.7'}
                      variant={clearedAt === null ? 'filled' : 'light'}
                      radius="sm"
                      tt="none"
                    >
                      {clearedAt === null ? '▲ ' : ''}
                      {kind}
                    </Badge>
                  </Table.Td>
                  <Table.Td>{when(at)}</Table.Td>
                  <Table.Td>{uccName}</Table.Td>
                  <Table.Td>
                    <Text size="sm">{detail}</Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}
