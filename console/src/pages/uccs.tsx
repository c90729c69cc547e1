import type { Ucc, UccSettings } from '@hush/client';
import {
  Button,
  Card,
  Group,
  NativeSelect,
  NumberInput,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
  Switch as Toggle,
} from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { DialogForm } from '../parts/dialog-form.tsx';
import { Empty, Failed } from '../parts/notes.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';

type Switch = keyof typeof texts.uccs.switches;
const switches = Object.keys(texts.uccs.switches) as Switch[];

/** The expected settings of a new recorder; all others keep Hush's defaults. */
const newUcc: UccSettings = { useAudioRecording: true, agentCanEditAudioRecording: true };
const MINUTE_MS = 60_000;
const numbers = [
  {
    name: 'retentionDays',
    label: texts.uccs.retentionDays,
    of: (ucc: Ucc) => ucc.retentionDays,
  },
  {
    name: 'maxPauseMinutes',
    label: texts.uccs.maxPauseMinutes,
    of: (ucc: Ucc) => ucc.maxPauseMs / MINUTE_MS,
  },
  {
    name: 'pauseLookbackMs',
    label: texts.uccs.pauseLookbackMs,
    of: (ucc: Ucc) => ucc.pauseLookbackMs,
  },
];

export function UccsPage({ canChange }: { readonly canChange: boolean }) {
  const uccs = useQuery('uccs', () => session.client.uccs.list());
  const [isAdding, setAdding] = useState(false);
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {texts.nav.uccs}
        </Title>
        {canChange && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            {texts.uccs.add}
          </Button>
        )}
      </Group>
      <DialogForm
        title={texts.uccs.add}
        action={texts.uccs.add}
        isOpen={isAdding}
        close={() => setAdding(false)}
        run={async (form) => {
          const name = String(form.get('name')).trim();
          if (uccs.value?.some((ucc) => ucc.name === name.toLowerCase())) return texts.uccs.isThere;
          const result = await session.client.uccs.put(name, newUcc);
          if (!result.ok) return result.error.message;
          setAdding(false);
          uccs.again();
          return undefined;
        }}
      >
        <TextInput
          name="name"
          label={texts.uccs.name}
          description={texts.uccs.nameHint}
          required
          data-autofocus
        />
      </DialogForm>
      {!canChange && <Text c="dimmed">{texts.uccs.readOnly}</Text>}
      {uccs.error && <Failed error={uccs.error} again={uccs.again} />}
      {uccs.value?.length === 0 && <Empty title={texts.uccs.none} hint={texts.uccs.noneHint} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {uccs.value?.map((ucc) => (
          <UccCard key={ucc.name} ucc={ucc} canChange={canChange} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}

function UccCard({ ucc, canChange }: { readonly ucc: Ucc; readonly canChange: boolean }) {
  const [told, setTold] = useState<{ text: string; isError: boolean }>();
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const result = await session.client.uccs.patch(
      ucc.name,
      settingsOf(new FormData(event.currentTarget)),
    );
    setTold(
      result.ok
        ? { text: texts.uccs.saved, isError: false }
        : { text: result.error.message, isError: true },
    );
  };
  return (
    <Card withBorder>
      <form onSubmit={(event) => void submit(event)}>
        <Stack gap="sm">
          <Title order={2} size="h4">
            {ucc.name}
          </Title>
          {switches.map((name) => (
            <Toggle
              key={name}
              name={name}
              label={texts.uccs.switches[name]}
              defaultChecked={ucc[name]}
              disabled={!canChange}
            />
          ))}
          {numbers.map(({ name, label, of }) => (
            <NumberInput
              key={name}
              name={name}
              label={label}
              defaultValue={of(ucc)}
              min={0}
              disabled={!canChange}
            />
          ))}
          <NativeSelect
            name="onPauseExpiry"
            label={texts.uccs.onPauseExpiry}
            data={Object.entries(texts.uccs.expiries).map(([value, label]) => ({ value, label }))}
            defaultValue={ucc.onPauseExpiry}
            disabled={!canChange}
          />
          {(['agents', 'supervisors'] as const).map((name) => (
            <Textarea
              key={name}
              name={name}
              label={texts.uccs[name]}
              defaultValue={ucc[name].join('\n')}
              autosize
              maxRows={6}
              disabled={!canChange}
            />
          ))}
          {canChange && <TextInput name="reason" label={texts.uccs.reason} maxLength={500} />}
          <Group justify="space-between">
            <Text role="status" c={told?.isError ? 'red.9' : 'dimmed'} size="sm">
              {told?.text}
            </Text>
            {canChange && <Button type="submit">{texts.uccs.save}</Button>}
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function settingsOf(form: FormData): UccSettings {
  const lines = (name: string): string[] =>
    String(form.get(name) ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const reason = String(form.get('reason') ?? '').trim();
  return {
    ...(reason === '' ? {} : { reason }),
    ...Object.fromEntries(switches.map((name) => [name, form.get(name) !== null])),
    retentionDays: Number(form.get('retentionDays')),
    maxPauseMs: Math.round(Number(form.get('maxPauseMinutes')) * MINUTE_MS),
    pauseLookbackMs: Number(form.get('pauseLookbackMs')),
    onPauseExpiry: String(form.get('onPauseExpiry')) as Ucc['onPauseExpiry'],
    agents: lines('agents'),
    supervisors: lines('supervisors'),
  };
}
