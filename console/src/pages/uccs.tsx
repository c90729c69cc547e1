import type { Ucc, UccSettings } from '@hush/client';
import {
  Button,
  Card,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  Text,
  Textarea,
  Title,
  Switch as Toggle,
} from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Empty, Failed } from '../parts/notes.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useAsked } from '../use-asked.ts';

type Switch = keyof typeof texts.uccs.switches;
const switches = Object.keys(texts.uccs.switches) as Switch[];

export function UccsPage({ canChange }: { readonly canChange: boolean }) {
  const uccs = useAsked('uccs', () => session.client.uccs.list());
  return (
    <Stack>
      <Title order={1} size="h2">
        {texts.nav.uccs}
      </Title>
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
          <NumberInput
            name="retentionDays"
            label={texts.uccs.retentionDays}
            defaultValue={ucc.retentionDays}
            min={0}
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
  return {
    ...Object.fromEntries(switches.map((name) => [name, form.get(name) !== null])),
    retentionDays: Number(form.get('retentionDays')),
    agents: lines('agents'),
    supervisors: lines('supervisors'),
  };
}
