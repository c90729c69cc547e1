import type { Operations } from '@hush/client';
import { Anchor, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Empty, Failed } from './notes.tsx';
import { WideTable } from './wide-table.tsx';

type Alarm = Operations['GET /api/alarms']['answer']['items'][number];

const MAX_PAST = 50;

/** Open alarms, and earlier ones, newest first. */
export function Alarms() {
  const open = useQuery('alarms/open', () =>
    session.client.request('GET /api/alarms', { query: { open: true, limit: 100 } }),
  );
  const past = useQuery('alarms/past', () =>
    session.client.request('GET /api/alarms', { query: { open: false, limit: MAX_PAST } }),
  );
  const failed = open.error ? open : past;
  const raised = (past.value?.items ?? []).filter(({ kind }) => kind !== 'dailySummary');
  return (
    <section>
      <Stack gap="xs">
        <Title order={2} size="h4">
          {texts.health.alarms}
        </Title>
        {failed.error && <Failed error={failed.error} again={failed.again} />}
        {open.value?.items.length === 0 && (
          <Empty title={texts.health.none} hint={texts.health.noneHint} />
        )}
        <AlarmTable label={texts.health.alarms} alarms={open.value?.items ?? []} />
        {raised.length > 0 && (
          <>
            <Title order={3} size="h5">
              {texts.health.before}
            </Title>
            <AlarmTable label={texts.health.before} alarms={raised} />
          </>
        )}
      </Stack>
    </section>
  );
}

interface AlarmTableProps {
  readonly label: string;
  readonly alarms: readonly Alarm[];
}

function AlarmTable({ label, alarms }: AlarmTableProps) {
  if (alarms.length === 0) return null;
  return (
    <WideTable label={label} minWidth={640}>
      <Table.Tbody>
        {alarms.map(({ id, kind, at, clearedAt, detail, uccName, callId }) => (
          <Table.Tr key={id}>
            <Table.Td>
              <Badge
                color={clearedAt === null ? 'red.9' : 'gray.7'}
                variant={clearedAt === null ? 'filled' : 'light'}
                radius="sm"
                tt="none"
                title={kind}
              >
                {clearedAt === null ? '▲ ' : ''}
                {texts.alarms[kind] ?? kind}
              </Badge>
            </Table.Td>
            <Table.Td>{when(at)}</Table.Td>
            <Table.Td>{uccName}</Table.Td>
            <Table.Td>
              <Text size="sm">
                {detail} {callId && <Anchor href={`#/calls/${callId}`}>{texts.health.call}</Anchor>}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
