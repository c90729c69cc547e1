import type { Call } from '@hush/client';
import { Alert, Anchor, Button, Group, Loader, Stack, Table, Text, Title } from '@mantine/core';
import { callTitle, clock, shortParty, when } from '../format.ts';
import { CallActions, Requester } from '../parts/call-actions.tsx';
import { CallTimeline } from '../parts/call-timeline.tsx';
import { ListenLive } from '../parts/listen-live.tsx';
import { Meters } from '../parts/meters.tsx';
import { Empty, Failed } from '../parts/notes.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { WideTable } from '../parts/wide-table.tsx';
import type { Permission } from '../session.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useCommand } from '../use-command.ts';
import { useLiveCall } from '../use-live-calls.ts';
import { useNow } from '../use-now.ts';
import { useQuery } from '../use-query.ts';

interface CallPageProps {
  readonly id: string;
  may(permission: Permission): boolean;
}

/** A call in progress and its history; links to the recording once the call has ended. */
export function CallPage({ id, may }: CallPageProps) {
  const { value: call, error, isConnected } = useLiveCall(id);
  if (error && call === undefined) return <Failed error={error} />;
  if (call === undefined) return <Loader aria-label={texts.nav.live} />;
  return (
    <Stack>
      <Anchor href="#/live">← {texts.call.back}</Anchor>
      {!isConnected && (
        <Alert color="orange" role="status">
          {texts.live.reconnecting}
        </Alert>
      )}
      {call ? <InProgress call={call} may={may} /> : <Ended id={id} may={may} />}
      <CallTimeline id={id} version={versionOf(call)} canReadAuditLog={may('readAuditLog')} />
    </Stack>
  );
}

/** Combines version and alarms: an alarm is an event without a change of state. */
function versionOf(call: Call | null): number {
  return call ? call.version * 1_000 + call.alarms.length : 0;
}

function InProgress({ call, may }: { readonly call: Call; may(permission: Permission): boolean }) {
  const { command, told, requester, setRequester } = useCommand();
  const now = useNow();
  const { id, uccName, beganAt, correlationId } = call;
  return (
    <>
      <Group justify="space-between" align="end">
        <Stack gap={4}>
          <Title order={1} size="h2">
            {callTitle(call)}
          </Title>
          <Text c="dimmed">
            {when(beganAt)} · {clock(now - Date.parse(beganAt))} · {uccName} · {correlationId}
          </Text>
        </Stack>
        {may('command') && <Requester requester={requester} setRequester={setRequester} />}
      </Group>
      <Group>
        <StateBadge call={call} />
        <Meters id={id} width={120} />
        {may('listen') && <ListenLive id={id} size="xs" />}
      </Group>
      {may('command') && <CallActions call={call} command={command} isWhole />}
      <Text role="status" c={told?.isError ? 'red.9' : 'dimmed'} mih={24}>
        {told?.text ?? ''}
      </Text>
      <Health call={call} />
      <Streams call={call} />
    </>
  );
}

/** Explains why the call needs attention, in Hush's own words. */
function Health({ call: { id, version, alarms } }: { readonly call: Call }) {
  const health = useQuery(`health/${id}/${version}/${alarms.join()}`, () =>
    session.client.call(id).health(),
  );
  const reasons = health.value?.reasons ?? [];
  if (health.error) return <Failed error={health.error} again={health.again} />;
  if (reasons.length === 0) return null;
  return (
    <Alert color="orange" title={texts.call.needsLook}>
      {reasons.map(({ code, words }) => (
        <Text key={code} size="sm">
          {words}
        </Text>
      ))}
    </Alert>
  );
}

function Streams({ call: { streams } }: { readonly call: Call }) {
  if (streams.length === 0) {
    return <Empty title={texts.call.noStreams} hint={texts.call.noStreamsHint} />;
  }
  return (
    <WideTable label={texts.call.streams} minWidth={420} maxWidth={720}>
      <Table.Thead>
        <Table.Tr>
          {[texts.call.who, texts.call.codec, texts.call.transport, texts.live.state].map(
            (words) => (
              <Table.Th key={words}>{words}</Table.Th>
            ),
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {streams.map(({ track, aor, mixed, codec, encrypted, held }) => (
          <Table.Tr key={track}>
            <Table.Td>
              {mixed ? texts.call.mixed : aor ? shortParty(aor) : texts.call.unknown}
            </Table.Td>
            <Table.Td>{codec}</Table.Td>
            <Table.Td>{encrypted ? texts.call.srtp : texts.call.rtp}</Table.Td>
            <Table.Td>{held ? texts.states.hold : texts.call.sends}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** A call that was never recorded has no recording, and that is no fault. */
function Ended({ id, may }: CallPageProps) {
  const canRead = may('readRecordings');
  const recording = useQuery<{ isThere: boolean } | undefined>(`ended/${id}`, async () => {
    if (!canRead) return { ok: true, value: undefined };
    const result = await session.client.recordings.get(id);
    const isNone = !result.ok && result.error.kind === 'http' && result.error.status === 404;
    return result.ok || isNone ? { ok: true, value: { isThere: result.ok } } : result;
  });
  return (
    <Stack gap="xs" align="flex-start">
      <Title order={1} size="h2">
        {texts.call.ended}
      </Title>
      {recording.error && <Failed error={recording.error} again={recording.again} />}
      {recording.value?.isThere && (
        <Button component="a" href={`#/recordings/${id}`}>
          {texts.call.recording}
        </Button>
      )}
      {recording.value?.isThere === false && <Text c="dimmed">{texts.call.noRecording}</Text>}
    </Stack>
  );
}
