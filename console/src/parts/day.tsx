import type { Operations } from '@hush/client';
import { Alert, Anchor, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { clock, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Empty, Failed } from './notes.tsx';
import { WideTable } from './wide-table.tsx';

type Summary = Operations['GET /api/assurance/daily']['answer'];

/** The calls of a day, today by default, and those that need attention. */
export function Day() {
  const [date, setDate] = useState(today);
  const summary = useQuery(`day/${date}`, () =>
    session.client.request('GET /api/assurance/daily', { query: { date } }),
  );
  return (
    <section>
      <Stack gap="xs">
        <Group justify="space-between" align="end">
          <Title order={2} size="h4">
            {texts.health.day}
          </Title>
          <TextInput
            type="date"
            aria-label={texts.health.date}
            value={date}
            onChange={(event) => setDate(event.currentTarget.value || today())}
          />
        </Group>
        {summary.error && <Failed error={summary.error} again={summary.again} />}
        {summary.value && <Uccs summary={summary.value} />}
        {summary.value && <LookAt summary={summary.value} />}
      </Stack>
    </section>
  );
}

/**
 * Returns today's date on the user's clock; the day itself begins where `assurance.timeZone` says.
 */
function today(): string {
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function Uccs({ summary: { uccs, timeZone } }: { readonly summary: Summary }) {
  if (uccs.length === 0) return <Empty title={texts.health.noCalls} hint={timeZone} />;
  const columns = texts.health.columns;
  return (
    <>
      {uccs
        .filter(({ nothingKept }) => nothingKept)
        .map(({ uccName }) => (
          <Alert key={uccName} color="red" title={uccName}>
            {texts.health.nothingKept}
          </Alert>
        ))}
      <WideTable label={texts.health.day} minWidth={720}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{texts.live.ucc}</Table.Th>
            {Object.values(columns).map((words) => (
              <Table.Th key={words}>{words}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {uccs.map((ucc) => (
            <Table.Tr key={ucc.uccName}>
              <Table.Td>{ucc.uccName}</Table.Td>
              {(Object.keys(columns) as (keyof typeof columns)[]).map((name) => (
                <Table.Td key={name} ff="monospace">
                  {name === 'keptMs' ? clock(ucc.keptMs) : ucc[name]}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
      <Text size="sm" c="dimmed">
        {texts.health.dayOf} {timeZone}
      </Text>
    </>
  );
}

function LookAt({ summary: { lookAt, lookAtCount } }: { readonly summary: Summary }) {
  if (lookAt.length === 0) return null;
  return (
    <>
      <Title order={3} size="h5">
        {texts.health.lookAt} {lookAtCount > lookAt.length ? `(${lookAtCount})` : ''}
      </Title>
      <WideTable label={texts.health.lookAt} minWidth={560}>
        <Table.Tbody>
          {lookAt.map(({ callId, uccName, beganAt, verdict, reasons }) => (
            <Table.Tr key={callId}>
              <Table.Td>
                <Anchor inherit href={`#/calls/${callId}`}>
                  {when(beganAt)}
                </Anchor>
              </Table.Td>
              <Table.Td>{uccName}</Table.Td>
              <Table.Td>{texts.verdicts[verdict] ?? verdict}</Table.Td>
              <Table.Td>{reasons.join(', ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </WideTable>
    </>
  );
}
