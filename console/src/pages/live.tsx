import type { Call, CommandAction } from '@hush/client';
import { Alert, Button, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { memo, useCallback, useDeferredValue, useMemo, useRef, useState } from 'react';
import { clock, partyNames, time } from '../format.ts';
import { Empty, Failed } from '../parts/notes.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useLiveCalls } from '../use-live-calls.ts';
import { useNow } from '../use-now.ts';
import { useWindow } from '../use-window.ts';

/** Of a call, px: as a row of the table, and where the window is too narrow for one, stacked. */
const ROW_HEIGHT = 48;
const STACKED_HEIGHT = 104;
const NARROW = '(max-width: 62em)';

const keys: Record<string, CommandAction> = { p: 'Pause', s: 'Start', m: 'Mark', x: 'Stop' };

export function LivePage({ canCommand }: { readonly canCommand: boolean }) {
  const { calls, error, isConnected } = useLiveCalls();
  const [filter, setFilter] = useState('');
  const [requester, setRequester] = useLocalStorage({ key: 'hush-requester', defaultValue: '' });
  const [told, setTold] = useState<{ text: string; isError: boolean }>();
  const wanted = useDeferredValue(filter.trim().toLowerCase());
  const shown = useMemo(() => calls?.filter((call) => matches(call, wanted)), [calls, wanted]);

  const onBehalfOf = useRef(requester);
  onBehalfOf.current = requester.trim();
  // The same function for as long as the page is there: a row is drawn anew for its call alone.
  const command = useCallback(async (call: Call, action: CommandAction): Promise<void> => {
    if (onBehalfOf.current === '') {
      setTold({ text: texts.live.requesterMissing, isError: true });
      return;
    }
    const { uccName, correlationId } = call;
    const asked = { uccName, correlationId, requester: onBehalfOf.current };
    const result = await session.client.contract.command(action, asked);
    const text = result.ok
      ? `${texts.actions[action]}: ${titleOf(call)}`
      : `${texts.actions[action]}: ${result.error.message}`;
    setTold({ text, isError: !result.ok });
  }, []);
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
          {canCommand && (
            <TextInput
              label={texts.live.requester}
              placeholder="sip:agent@domain.com"
              value={requester}
              onChange={(event) => setRequester(event.currentTarget.value)}
              w={260}
            />
          )}
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
      {shown?.length === 0 && <Empty title={texts.live.none} hint={texts.live.noneHint} />}
      {shown && shown.length > 0 && (
        <Table highlightOnHover stickyHeader>
          {!isNarrow && (
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{texts.live.state}</Table.Th>
                <Table.Th>{texts.live.parties}</Table.Th>
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

type Command = (call: Call, action: CommandAction) => Promise<void>;

interface RowProps {
  readonly call: Call;
  readonly command: Command | undefined;
  readonly isStacked: boolean;
}

const CallRow = memo(
  ({ call, command, isStacked }: RowProps) => {
    const state = (
      <Group gap="xs" wrap="nowrap">
        <StateBadge {...call} />
        <Owners call={call} />
      </Group>
    );
    const since = (
      <Text span inherit title={call.correlationId}>
        {time(call.beganAt)} <Running since={call.beganAt} />
      </Text>
    );
    const actions = command && <Actions call={call} command={command} />;
    return (
      <Table.Tr
        tabIndex={0}
        data-call={call.id}
        style={{ height: isStacked ? STACKED_HEIGHT : ROW_HEIGHT }}
        onKeyDown={(event) => {
          const action = keys[event.key.toLowerCase()];
          if (action && event.target === event.currentTarget) void command?.(call, action);
        }}
      >
        {isStacked ? (
          <Table.Td px={0}>
            <Group justify="space-between" wrap="nowrap">
              {state}
              {since}
            </Group>
            <Text truncate my={4}>
              {titleOf(call)} · {call.uccName}
            </Text>
            {actions}
          </Table.Td>
        ) : (
          <>
            <Table.Td>{state}</Table.Td>
            <Table.Td>{titleOf(call)}</Table.Td>
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
    before.call.pausedBy.join() === after.call.pausedBy.join(),
);

function Actions({ call, command }: { readonly call: Call; readonly command: Command }) {
  const isPaused = call.recordingState === 'Paused';
  const actions: CommandAction[] = [
    isPaused ? 'Start' : 'Pause',
    call.markingState === 'Mark' ? 'UnMark' : 'Mark',
    'Save',
    'Delete',
  ];
  return (
    <Group gap={4} wrap="nowrap">
      {actions.map((action) => (
        <Button
          key={action}
          size="compact-sm"
          variant={action === 'Start' ? 'filled' : 'default'}
          color="teal.9"
          onClick={() => void command(call, action)}
        >
          {texts.actions[action]}
        </Button>
      ))}
    </Group>
  );
}

function Owners({ call }: { readonly call: Call }) {
  const others = call.pausedBy.filter((owner) => owner !== 'api' && owner !== 'hold');
  return others.length === 0 ? null : (
    <Text size="sm" c="dimmed">
      {others.length === 1
        ? others[0]?.replace(/-[0-9a-f-]{36}$/, '')
        : `${others.length} ${texts.live.pages}`}
    </Text>
  );
}

function Running({ since }: { readonly since: string }) {
  const now = useNow();
  return (
    <Text span c="dimmed" ff="monospace">
      {clock(now - Date.parse(since))}
    </Text>
  );
}

function titleOf({ parties, correlationId }: Call): string {
  return partyNames(parties) || correlationId;
}

function matches(call: Call, wanted: string): boolean {
  if (wanted === '') return true;
  const { correlationId, uccName, parties: all } = call;
  return [correlationId, uccName, ...all.flatMap(({ aor, name }) => [aor, name ?? ''])].some(
    (text) => text.toLowerCase().includes(wanted),
  );
}
