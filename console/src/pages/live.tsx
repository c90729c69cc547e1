import type { Call } from '@hush/client';
import { Alert, Anchor, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { memo, useDeferredValue, useMemo, useState } from 'react';
import { alarmWords, callTitle, clock, time } from '../format.ts';
import { actionKeys, CallActions, Requester } from '../parts/call-actions.tsx';
import { Meters } from '../parts/meters.tsx';
import { Empty, Failed } from '../parts/notes.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { texts } from '../texts.ts';
import { type Command, useCommand } from '../use-command.ts';
import { useLiveCalls } from '../use-live-calls.ts';
import { useNow } from '../use-now.ts';
import { useWindow } from '../use-window.ts';

/** Height of a call, px: as a table row, and stacked in a narrow window. */
const ROW_HEIGHT = 48;
const STACKED_HEIGHT = 104;
const NARROW = '(max-width: 62em)';

export function LivePage({ canCommand }: { readonly canCommand: boolean }) {
  const { value: calls, error, isConnected } = useLiveCalls();
  const [filter, setFilter] = useState('');
  const { command, told, requester, setRequester } = useCommand();
  const wanted = useDeferredValue(filter.trim().toLowerCase());
  const shown = useMemo(() => calls?.filter((call) => matches(call, wanted)), [calls, wanted]);

  const isNarrow = useMediaQuery(NARROW) ?? false;
  const height = isNarrow ? STACKED_HEIGHT : ROW_HEIGHT;
  const { ref, first, end } = useWindow<HTMLTableSectionElement>(shown?.length ?? 0, height);

  return (
    <Stack>
      <Group justify="space-between" align="end">
        <Title order={1} size="h2">
          {texts.nav.live}{' '}
          {calls && (
            <Text span c="dimmed" inherit>
              {calls.length}
            </Text>
          )}
        </Title>
        <Group align="end">
          <TextInput
            label={texts.live.filter}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
            w={260}
          />
          {canCommand && <Requester requester={requester} setRequester={setRequester} />}
        </Group>
      </Group>
      {!isConnected && (
        <Alert color="orange" role="status">
          {texts.live.reconnecting}
        </Alert>
      )}
      {error && <Failed error={error} />}
      <Text role="status" c={told?.isError ? 'red.9' : 'dimmed'} mih={24}>
        {told?.text ?? (canCommand ? texts.live.keys : '')}
      </Text>
      {calls?.length === 0 && <Empty title={texts.live.none} hint={texts.live.noneHint} />}
      {calls && calls.length > 0 && shown?.length === 0 && (
        <Empty title={texts.live.noMatch} hint={texts.live.noMatchHint} />
      )}
      {shown && shown.length > 0 && (
        <Table highlightOnHover stickyHeader layout={isNarrow ? 'fixed' : 'auto'}>
          {!isNarrow && (
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{texts.live.state}</Table.Th>
                <Table.Th>{texts.live.parties}</Table.Th>
                <Table.Th>{texts.live.levels}</Table.Th>
                <Table.Th>{texts.live.ucc}</Table.Th>
                <Table.Th>{texts.live.since}</Table.Th>
                {canCommand && <Table.Th>{texts.live.actions}</Table.Th>}
              </Table.Tr>
            </Table.Thead>
          )}
          <Table.Tbody ref={ref}>
            <tr style={{ height: first * height }} />
            {shown.slice(first, end).map((call) => (
              <CallRow
                key={call.id}
                call={call}
                command={canCommand ? command : undefined}
                isStacked={isNarrow}
              />
            ))}
            <tr style={{ height: (shown.length - end) * height }} />
          </Table.Tbody>
        </Table>
      )}
    </Stack>
  );
}

interface RowProps {
  readonly call: Call;
  readonly command: Command | undefined;
  readonly isStacked: boolean;
}

const CallRow = memo(
  ({ call, command, isStacked }: RowProps) => {
    const title = (
      <>
        <Anchor inherit href={`#/calls/${call.id}`}>
          {callTitle(call)}
        </Anchor>
        {call.alarms.length > 0 && (
          <Text span size="sm" c="var(--mantine-color-error)">
            {' '}
            {alarmWords(call.alarms)}
          </Text>
        )}
      </>
    );
    const since = (
      <Text span inherit title={call.correlationId}>
        {time(call.beganAt)} <Running since={call.beganAt} />
      </Text>
    );
    const actions = command && <CallActions call={call} command={command} />;
    return (
      <Table.Tr
        tabIndex={0}
        data-call={call.id}
        style={{ height: isStacked ? STACKED_HEIGHT : ROW_HEIGHT }}
        onKeyDown={(event) => {
          const action = actionKeys[event.key.toLowerCase()];
          if (action && event.target === event.currentTarget) void command?.(call, action);
        }}
      >
        {isStacked ? (
          <Table.Td px={0}>
            <Group justify="space-between" wrap="nowrap">
              <StateBadge call={call} />
              {since}
            </Group>
            <Group justify="space-between" wrap="nowrap">
              <Text truncate my={4} miw={0} size="sm">
                {title} · {call.uccName}
              </Text>
              <Meters id={call.id} />
            </Group>
            {actions}
          </Table.Td>
        ) : (
          <>
            <Table.Td>
              <StateBadge call={call} />
            </Table.Td>
            <Table.Td>{title}</Table.Td>
            <Table.Td>
              <Meters id={call.id} />
            </Table.Td>
            <Table.Td>{call.uccName}</Table.Td>
            <Table.Td>{since}</Table.Td>
            {actions && <Table.Td>{actions}</Table.Td>}
          </>
        )}
      </Table.Tr>
    );
  },
  (before, after) =>
    before.call.id === after.call.id &&
    before.call.version === after.call.version &&
    before.command === after.command &&
    before.isStacked === after.isStacked &&
    before.call.pausedBy.join() === after.call.pausedBy.join() &&
    before.call.alarms.join() === after.call.alarms.join(),
);

function Running({ since }: { readonly since: string }) {
  const now = useNow();
  return (
    <Text span c="dimmed" ff="monospace">
      {clock(now - Date.parse(since))}
    </Text>
  );
}

function matches(call: Call, wanted: string): boolean {
  if (wanted === '') return true;
  const { correlationId, uccName, parties: all } = call;
  return [correlationId, uccName, ...all.flatMap(({ aor, name }) => [aor, name ?? ''])].some(
    (text) => text.toLowerCase().includes(wanted),
  );
}
