import type { AudioFormat, RecordingDetail, Result } from '@hush/client';
import {
  Alert,
  Anchor,
  Badge,
  Button,
  Group,
  Loader,
  Menu,
  Stack,
  Text,
  Title,
} from '@mantine/core';
import { useCallback, useState } from 'react';
import { clock, partyNames, when } from '../format.ts';
import { CallTimeline } from '../parts/call-timeline.tsx';
import { Gaps } from '../parts/gaps.tsx';
import { Listen } from '../parts/listen.tsx';
import { Failed } from '../parts/notes.tsx';
import type { Selection } from '../parts/player.tsx';
import { ReasonDialog } from '../parts/reason-dialog.tsx';
import { type Permission, session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { useRecordingEvents } from '../use-recording-events.ts';

interface RecordingPageProps {
  readonly id: string;
  /** Position in the recording, seconds. */
  readonly startAt: number;
  may(permission: Permission): boolean;
}

export function RecordingPage({ id, startAt, may }: RecordingPageProps) {
  const [shown, setShown] = useState({ version: 0, startAt });
  const { version } = shown;
  const detail = useQuery(`${id}/${version}`, () => session.client.recordings.get(id));
  const changed = useCallback(
    (seconds?: number) =>
      setShown((before) => ({
        version: before.version + 1,
        startAt: seconds ?? before.startAt,
      })),
    [],
  );
  useRecordingEvents(id, changed);
  if (detail.error) return <Failed error={detail.error} again={detail.again} />;
  if (!detail.value) return <Loader aria-label={texts.recording.loading} />;
  return (
    <Loaded
      key={version}
      recording={detail.value}
      startAt={shown.startAt}
      may={may}
      changed={changed}
    />
  );
}

interface LoadedProps {
  readonly recording: RecordingDetail;
  readonly startAt: number;
  may(permission: Permission): boolean;
  /** @param seconds position at which listening continues */
  changed(seconds?: number): void;
}

function Loaded({ recording, startAt, may, changed }: LoadedProps) {
  const { id, beganAt, parties, status, legalHold, lengthMs, uccName, correlationId } = recording;
  const [selection, setSelection] = useState<Selection>();
  const [erasing, setErasing] = useState<'part' | 'whole'>();
  const [told, setTold] = useState<string>();
  const isKept = status === 'kept';
  return (
    <Stack>
      <Anchor href="#/recordings">← {texts.recording.back}</Anchor>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {partyNames(parties) || correlationId}
        </Title>
        <Group gap="xs">
          {legalHold && (
            <Badge color="grape.9">{`${texts.recording.held}: ${legalHold.reason}`}</Badge>
          )}
          {isKept && <ExportMenu id={id} onFailed={setTold} />}
          {(isKept || legalHold) && may('holdRecordings') && (
            <HoldButton
              key={legalHold ? 'unhold' : 'hold'}
              id={id}
              action={legalHold ? 'unhold' : 'hold'}
              changed={changed}
            />
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
      {status === 'deleting' && <Alert color="gray">{texts.recording.deleting}</Alert>}
      {status === 'finishing' && <Alert color="teal">{texts.recording.finishing}</Alert>}
      {status === 'live' && <Alert color="teal">{texts.recording.live}</Alert>}
      {isKept && (
        <Listen
          id={id}
          startAt={startAt}
          onSelect={may('erase') ? setSelection : undefined}
          onBroken={changed}
        />
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
      <CallTimeline
        id={id}
        version={recording.version}
        recording={recording}
        canReadAuditLog={may('readAuditLog')}
      />
    </Stack>
  );
}

/** URL of a file that the page has fetched: it is small. */
async function vconUrl(id: string): Promise<Result<string>> {
  const result = await session.client.recordings.audio(id, { format: 'vcon' });
  if (!result.ok) return result;
  return { ok: true, value: URL.createObjectURL(await result.value.blob()) };
}

interface ExportMenuProps {
  readonly id: string;
  onFailed(message: string): void;
}

/** The browser downloads audio by itself, with progress: a recording may be large. */
function ExportMenu({ id, onFailed }: ExportMenuProps) {
  const save = async (format: AudioFormat): Promise<void> => {
    const result =
      format === 'vcon' ? await vconUrl(id) : await session.client.recordings.audioUrl(id);
    if (!result.ok) {
      onFailed(result.error.message);
      return;
    }
    const link = document.createElement('a');
    link.href = format === 'vcon' ? result.value : `${result.value}&format=${format}`;
    link.download = `${id}.${format === 'vcon' ? 'vcon.json' : format}`;
    link.click();
    if (format === 'vcon') setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
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

interface HoldButtonProps {
  readonly id: string;
  readonly action: 'hold' | 'unhold';
  changed(): void;
}

function HoldButton({ id, action, changed }: HoldButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const { recordings } = session.client;
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {texts.recording[action]}
      </Button>
      <ReasonDialog
        title={texts.recording[action]}
        action={texts.recording[action]}
        isOpen={isOpen}
        close={() => setOpen(false)}
        run={async (reason) => {
          const result = await (action === 'hold'
            ? recordings.placeLegalHold(id, reason)
            : recordings.releaseLegalHold(id, reason));
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
