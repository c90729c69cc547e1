import type { Operations, RecordingDetail, RecordingPeaks } from '@hush/client';
import {
  Alert,
  Anchor,
  Badge,
  Button,
  Group,
  Loader,
  Menu,
  Modal,
  Stack,
  Table,
  Text,
  TextInput,
  Timeline,
  Title,
} from '@mantine/core';
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { clock, shortParty, when } from '../format.ts';
import { Failed } from '../parts/notes.tsx';
import type { Selection } from '../parts/player.tsx';
import { type Permission, session } from '../session.ts';
import { texts } from '../texts.ts';
import { useAsked } from '../use-asked.ts';

const Player = lazy(async () => ({ default: (await import('../parts/player.tsx')).Player }));

type Trail = Operations['GET /api/access-trail']['answer']['items'];

interface RecordingPageProps {
  readonly id: string;
  /** Seconds into it. */
  readonly startAt: number;
  may(permission: Permission): boolean;
}

export function RecordingPage({ id, startAt, may }: RecordingPageProps) {
  const [version, setVersion] = useState(0);
  const detail = useAsked(`${id}/${version}`, () => session.client.recordings.get(id));
  const changed = useCallback(() => setVersion((before) => before + 1), []);
  if (detail.error) return <Failed error={detail.error} again={detail.again} />;
  if (!detail.value) return <Loader aria-label={texts.recording.loading} />;
  return (
    <Loaded key={version} recording={detail.value} startAt={startAt} may={may} changed={changed} />
  );
}

interface LoadedProps {
  readonly recording: RecordingDetail;
  readonly startAt: number;
  may(permission: Permission): boolean;
  changed(): void;
}

function Loaded({ recording, startAt, may, changed }: LoadedProps) {
  const { id, beganAt, parties, status, legalHold, lengthMs, uccName, correlationId } = recording;
  const [selection, setSelection] = useState<Selection>();
  const [erasing, setErasing] = useState<'part' | 'whole'>();
  const [told, setTold] = useState<string>();
  const isKept = status === 'kept';
  const release = async (): Promise<void> => {
    const result = await session.client.recordings.releaseLegalHold(id);
    if (result.ok) changed();
    else setTold(result.error.message);
  };
  return (
    <Stack>
      <Anchor href="#/recordings">← {texts.recording.back}</Anchor>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {parties.map(({ aor, name }) => name ?? shortParty(aor)).join(' · ') || correlationId}
        </Title>
        <Group gap="xs">
          {legalHold && (
            <Badge color="grape.9">{`${texts.recording.held}: ${legalHold.reason}`}</Badge>
          )}
          {isKept && <ExportMenu id={id} />}
          {isKept && may('holdRecordings') && !legalHold && (
            <HoldButton id={id} changed={changed} />
          )}
          {legalHold && may('holdRecordings') && (
            <Button variant="default" onClick={() => void release()}>
              {texts.recording.unhold}
            </Button>
          )}
        </Group>
      </Group>
      <Text c="dimmed">
        {when(beganAt)} · {uccName} · {lengthMs === null ? '' : clock(lengthMs)} · {correlationId}
      </Text>
      {told && (
        <Alert color="red" role="alert">
          {told}
        </Alert>
      )}
      {status === 'destroyed' && <Alert color="gray">{texts.recording.destroyed}</Alert>}
      {status === 'live' && <Alert color="teal">{texts.recording.live}</Alert>}
      {isKept && (
        <Listen id={id} startAt={startAt} onSelect={may('erase') ? setSelection : undefined} />
      )}
      {isKept && may('erase') && !legalHold && (
        <Group>
          <Button color="red.9" disabled={!selection} onClick={() => setErasing('part')}>
            {texts.recording.erase}
            {selection && ` ${clock(selection.startMs)}–${clock(selection.endMs)}`}
          </Button>
          <Button variant="default" onClick={() => setErasing('whole')}>
            {texts.recording.eraseWhole}
          </Button>
          <Text c="dimmed" size="sm">
            {texts.recording.eraseHint}
          </Text>
        </Group>
      )}
      <EraseDialog
        id={id}
        what={erasing}
        selection={selection}
        close={() => setErasing(undefined)}
        changed={changed}
      />
      <Gaps recording={recording} />
      <Story recording={recording} canReadTrail={may('readAccessTrail')} />
    </Stack>
  );
}

function Listen({
  id,
  startAt,
  onSelect,
}: {
  readonly id: string;
  readonly startAt: number;
  onSelect: ((selection: Selection | undefined) => void) | undefined;
}) {
  const peaks = useAsked<RecordingPeaks>(`peaks/${id}`, () =>
    session.client.recordings.peaks(id, 1_500),
  );
  const sidecar = useAsked(`sidecar/${id}`, () => session.client.recordings.sidecar(id));
  const url = useAudioUrl(id);
  const marks = useMemo(
    () =>
      (sidecar.value?.marks ?? [])
        .filter(({ action }) => action === 'Mark')
        .map(({ atMs }) => atMs),
    [sidecar.value],
  );
  if (peaks.error) return <Failed error={peaks.error} again={peaks.again} />;
  if (!peaks.value || !sidecar.value || url === undefined) {
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
        <Player peaks={peaks.value} url={url} startAt={startAt} marks={marks} onSelect={onSelect} />
      </Suspense>
    </div>
  );
}

/** An audio element sends no token: with one the file is fetched first, without one in ranges. */
function useAudioUrl(id: string): string | undefined {
  const direct = `/api/recordings/${id}/audio`;
  const [url, setUrl] = useState(session.isSignedIn ? undefined : direct);
  useEffect(() => {
    if (!session.isSignedIn) return undefined;
    let made: string | undefined;
    const ended = new AbortController();
    void session.client.recordings.audio(id, { signal: ended.signal }).then(async (result) => {
      if (!result.ok) return;
      made = URL.createObjectURL(await result.value.blob());
      if (!ended.signal.aborted) setUrl(made);
    });
    return () => {
      ended.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [id]);
  return url;
}

function ExportMenu({ id }: { readonly id: string }) {
  const save = async (format: 'wav' | 'opus' | 'flac' | 'vcon'): Promise<void> => {
    const result = await session.client.recordings.audio(id, { format });
    if (!result.ok) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await result.value.blob());
    link.download = `${id}.${format === 'vcon' ? 'vcon.json' : format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <Menu>
      <Menu.Target>
        <Button variant="default">{texts.recording.export}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {(['wav', 'opus', 'flac', 'vcon'] as const).map((format) => (
          <Menu.Item key={format} onClick={() => void save(format)}>
            {format.toUpperCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function HoldButton({ id, changed }: { readonly id: string; changed(): void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {texts.recording.hold}
      </Button>
      <ReasonDialog
        title={texts.recording.hold}
        action={texts.recording.hold}
        isOpen={isOpen}
        close={() => setOpen(false)}
        run={async (reason) => {
          const result = await session.client.recordings.placeLegalHold(id, reason);
          if (!result.ok) return result.error.message;
          changed();
          return undefined;
        }}
      />
    </>
  );
}

interface EraseDialogProps {
  readonly id: string;
  readonly what: 'part' | 'whole' | undefined;
  readonly selection: Selection | undefined;
  close(): void;
  changed(): void;
}

function EraseDialog({ id, what, selection, close, changed }: EraseDialogProps) {
  return (
    <ReasonDialog
      title={texts.recording.eraseTitle}
      action={what === 'whole' ? texts.recording.eraseWhole : texts.recording.erase}
      isOpen={what !== undefined}
      close={close}
      run={async (reason) => {
        const body = what === 'whole' ? { reason, whole: true } : { reason, ...selection };
        const result = await session.client.recordings.erase(id, body);
        if (!result.ok) return result.error.message;
        close();
        changed();
        return undefined;
      }}
    />
  );
}

interface ReasonDialogProps {
  readonly title: string;
  readonly action: string;
  readonly isOpen: boolean;
  close(): void;
  /** @returns why it did not work */
  run(reason: string): Promise<string | undefined>;
}

function ReasonDialog({ title, action, isOpen, close, run }: ReasonDialogProps) {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={title}
      closeButtonProps={{ 'aria-label': texts.recording.cancel }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const reason = String(new FormData(event.currentTarget).get('reason'));
          setBusy(true);
          void run(reason).then((refused) => {
            setBusy(false);
            setProblem(refused);
          });
        }}
      >
        <Stack>
          {problem && (
            <Alert color="red" role="alert">
              {problem}
            </Alert>
          )}
          <TextInput
            name="reason"
            label={texts.recording.reason}
            required
            maxLength={256}
            data-autofocus
          />
          <Group justify="end">
            <Button variant="default" onClick={close}>
              {texts.recording.cancel}
            </Button>
            <Button type="submit" color="red.9" loading={isBusy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Gaps({ recording }: { readonly recording: RecordingDetail }) {
  const rows = recording.tracks.flatMap(({ track, role, aor, gaps }) =>
    gaps.map((gap) => ({
      ...gap,
      key: `${track}/${gap.startMs}`,
      who: aor ? shortParty(aor) : role,
    })),
  );
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {texts.recording.gaps}
      </Title>
      {rows.length === 0 ? (
        <Text c="dimmed">{texts.recording.noGaps}</Text>
      ) : (
        <Table maw={560}>
          <Table.Tbody>
            {rows.map(({ key, who, startMs, lengthMs, reason }) => (
              <Table.Tr key={key}>
                <Table.Td>{texts.reasons[reason] ?? reason}</Table.Td>
                <Table.Td ff="monospace">{clock(startMs)}</Table.Td>
                <Table.Td ff="monospace">{(lengthMs / 1000).toFixed(2)} s</Table.Td>
                <Table.Td>{who}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}

interface StoryProps {
  readonly recording: RecordingDetail;
  readonly canReadTrail: boolean;
}

/** Who did what when: commands with the time from when they were in effect, listening, erasures. */
function Story({ recording, canReadTrail }: StoryProps) {
  const { id, receipts, beganAt, endedAt, uccName } = recording;
  const trail = useAsked<{ items: Trail }>(`trail/${id}`, async () =>
    canReadTrail
      ? session.client.request('GET /api/access-trail', { query: { ucc: uccName, limit: 500 } })
      : { ok: true, value: { items: [] } },
  );
  const erasures = useAsked(`erasures/${id}`, () => session.client.recordings.erasures(id));
  const entries = [
    { at: beganAt, what: 'Call began', who: '' },
    ...receipts.map(({ action, requester, requestedAt, effectiveAt }) => ({
      at: requestedAt,
      what: `${action}, in effect ${Math.max(0, Date.parse(effectiveAt) - Date.parse(requestedAt))} ms later`,
      who: requester,
    })),
    ...(endedAt === null ? [] : [{ at: endedAt, what: 'Call ended', who: '' }]),
    ...(trail.value?.items ?? [])
      .filter(
        ({ callId, action }) =>
          callId === id && ['listen', 'export', 'legalHold', 'legalHoldRelease'].includes(action),
      )
      .map(({ at, action, who }) => ({ at, what: action, who })),
    ...(erasures.value ?? []).map(
      ({ requestedAt, requestedBy, startMs, endMs, reason, state }) => ({
        at: requestedAt,
        what: `${texts.reasons.erased}: ${startMs === null ? 'whole' : `${clock(startMs)}–${clock(endMs ?? 0)}`} (${reason}), ${state}`,
        who: requestedBy,
      }),
    ),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  return (
    <section>
      <Title order={2} size="h4" mb="sm">
        {texts.recording.story}
      </Title>
      <Timeline bulletSize={12} lineWidth={2}>
        {entries.map(({ at, what, who }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a story is only ever drawn anew as a whole.
          <Timeline.Item key={index} title={what}>
            <Text size="sm" c="dimmed">
              {when(at)} {who && `· ${who}`}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </section>
  );
}
