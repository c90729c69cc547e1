import type { HushError, Recording, RecordingQuery } from '@hush/client';
import {
  Anchor,
  Badge,
  Button,
  Checkbox,
  Group,
  Select,
  Stack,
  Table,
  TextInput,
  Title,
} from '@mantine/core';
import { type FormEvent, useCallback, useEffect, useRef, useState } from 'react';
import { clock, partyNames, when } from '../format.ts';
import { Empty, Failed } from '../parts/notes.tsx';
import { WideTable } from '../parts/wide-table.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';

const PAGE = 50;
/** Pages of the archive fetched until there is something to show: each may be short. */
const MAX_PAGES = 20;

interface Found {
  readonly items: readonly Recording[];
  readonly next: string | null;
}

export function RecordingsPage() {
  const [query, setQuery] = useState<RecordingQuery>({});
  const [found, setFound] = useState<Found>();
  const [error, setError] = useState<HushError>();
  const [isBusy, setBusy] = useState(false);
  const round = useRef(0);

  const load = useCallback(async (asked: RecordingQuery, before: Found | undefined) => {
    round.current += 1;
    const own = round.current;
    setBusy(true);
    let items = before?.items ?? [];
    let next = before?.next ?? undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const result = await session.client.recordings.page({
        ...asked,
        limit: PAGE,
        ...(next ? { cursor: next } : {}),
      });
      if (own !== round.current) return;
      if (!result.ok) {
        setError(result.error);
        break;
      }
      setError(undefined);
      items = [...items, ...result.value.items];
      next = result.value.nextCursor ?? undefined;
      setFound({ items, next: next ?? null });
      if (items.length - (before?.items.length ?? 0) >= PAGE || next === undefined) break;
    }
    setBusy(false);
  }, []);

  useEffect(() => {
    void load(query, undefined);
  }, [query, load]);

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setFound(undefined);
    setQuery(queryOf(new FormData(event.currentTarget)));
  };

  return (
    <Stack>
      <Title order={1} size="h2">
        {texts.nav.recordings}
      </Title>
      <form onSubmit={submit}>
        <Group align="end" gap="sm">
          <TextInput name="agent" label={texts.recordings.agent} w={150} />
          <TextInput name="party" label={texts.recordings.party} w={150} />
          <TextInput name="ucc" label={texts.recordings.ucc} w={150} />
          <TextInput name="longer" label={texts.recordings.longer} w={120} placeholder="1:30" />
          <Select
            name="gap"
            label={texts.recordings.gap}
            data={Object.entries(texts.reasons).map(([value, label]) => ({ value, label }))}
            placeholder={texts.recordings.any}
            clearable
            w={170}
          />
          <Checkbox name="marked" value="true" label={texts.recordings.marked} pb={8} />
          <Button type="submit" loading={isBusy}>
            {texts.recordings.search}
          </Button>
        </Group>
      </form>
      {error && <Failed error={error} again={() => void load(query, undefined)} />}
      {found?.items.length === 0 && !isBusy && (
        <Empty title={texts.recordings.none} hint={texts.recordings.noneHint} />
      )}
      {found && found.items.length > 0 && (
        <WideTable label={texts.nav.recordings} minWidth={600}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{texts.recordings.began}</Table.Th>
              <Table.Th>{texts.live.parties}</Table.Th>
              <Table.Th>{texts.live.ucc}</Table.Th>
              <Table.Th>{texts.recordings.length}</Table.Th>
              <Table.Th>{texts.recordings.notes}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.items.map((recording) => (
              <Row key={recording.id} recording={recording} />
            ))}
          </Table.Tbody>
        </WideTable>
      )}
      {found?.next && (
        <Button variant="default" loading={isBusy} onClick={() => void load(query, found)}>
          {texts.recordings.more}
        </Button>
      )}
    </Stack>
  );
}

function Row({ recording }: { readonly recording: Recording }) {
  const { id, beganAt, parties, uccName, lengthMs } = recording;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor inherit href={`#/recordings/${id}`}>
          {when(beganAt)}
        </Anchor>
      </Table.Td>
      <Table.Td>{partyNames(parties)}</Table.Td>
      <Table.Td>{uccName}</Table.Td>
      <Table.Td ff="monospace">{lengthMs === null ? '' : clock(lengthMs)}</Table.Td>
      <Table.Td>
        <Notes {...recording} />
      </Table.Td>
    </Table.Tr>
  );
}

function Notes({ status, markingState, gaps, legalHold, health }: Recording) {
  const notes = [
    ...(status === 'kept' ? [] : [texts.statuses[status] ?? status]),
    ...(markingState === 'Mark' ? [texts.recordings.isMarked] : []),
    ...(legalHold ? [texts.recording.held] : []),
    ...(gaps?.reasons ?? []).map((reason) => texts.reasons[reason] ?? reason),
    ...(health && health.verdict !== 'complete'
      ? [texts.verdicts[health.verdict] ?? health.verdict]
      : []),
  ];
  return (
    <Group gap={4}>
      {notes.map((note) => (
        <Badge key={note} variant="default" radius="sm" tt="none">
          {note}
        </Badge>
      ))}
    </Group>
  );
}

function queryOf(form: FormData): RecordingQuery {
  const text = (name: string): string | undefined =>
    String(form.get(name) ?? '').trim() || undefined;
  const longer = text('longer');
  const query = {
    agent: text('agent'),
    party: text('party'),
    ucc: text('ucc'),
    gap: text('gap'),
    minLengthMs: longer === undefined ? undefined : lengthOf(longer),
    marked: form.get('marked') === 'true' ? true : undefined,
  };
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as RecordingQuery;
}

/** Parses `1:30` or `90`. */
function lengthOf(text: string): number | undefined {
  const parts = text.split(':').map(Number);
  if (parts.some((part) => !Number.isFinite(part))) return undefined;
  return parts.reduce((sum, part) => sum * 60 + part, 0) * 1000;
}
