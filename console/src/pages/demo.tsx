import { type Call, type Guard, guardFields } from '@hush/client';
import {
  Button,
  Card,
  Group,
  Loader,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { partyNames } from '../format.ts';
import { ListenLive } from '../parts/listen-live.tsx';
import { Meters } from '../parts/meters.tsx';
import { Empty } from '../parts/notes.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useLiveCalls } from '../use-live-calls.ts';
import { RecordingPage } from './recording.tsx';

/** A payment page beside a call in progress, and the recording of it. */
export function DemoPage() {
  const { value: calls } = useLiveCalls();
  const [chosen, setChosen] = useState<Call>();
  const current = calls?.find(({ id }) => id === chosen?.id);
  useEffect(() => {
    const newest = calls?.at(-1);
    if (!chosen && newest) setChosen(newest);
  }, [calls, chosen]);
  const hasEnded = chosen !== undefined && calls !== undefined && current === undefined;
  return (
    <Stack>
      <Title order={1} size="h2">
        {texts.demo.title}
      </Title>
      {calls?.length === 0 && !chosen && <Empty title={texts.live.none} hint={texts.demo.noCall} />}
      {chosen && (
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <Card withBorder>
            <Title order={2} size="h4" mb="sm">
              {texts.demo.step1}
            </Title>
            <Text mb="sm">{partyNames(chosen.parties)}</Text>
            {current && (
              <Group justify="space-between">
                <StateBadge call={current} />
                <Meters id={current.id} />
                <ListenLive id={current.id} size="xs" />
              </Group>
            )}
          </Card>
          <Card withBorder>
            <Title order={2} size="h4" mb="sm">
              {texts.demo.step2}
            </Title>
            <PaymentForm key={chosen.id} id={chosen.id} isOver={hasEnded} />
          </Card>
        </SimpleGrid>
      )}
      {chosen && (
        <Card withBorder>
          <Title order={2} size="h4" mb="sm">
            {texts.demo.step3}
          </Title>
          {hasEnded ? (
            <Heard id={chosen.id} another={() => setChosen(undefined)} />
          ) : (
            <Group>
              <Loader size="sm" type="dots" />{' '}
              <Text c="dimmed">
                {texts.demo.waiting} {texts.demo.step3Hint}
              </Text>
            </Group>
          )}
        </Card>
      )}
    </Stack>
  );
}

function PaymentForm({ id, isOver }: { readonly id: string; readonly isOver: boolean }) {
  const form = useRef<HTMLFormElement>(null);
  const status = useRef<HTMLParagraphElement>(null);
  const guard = useRef<Guard>(undefined);
  const [isPaid, setPaid] = useState(false);
  useEffect(() => {
    if (!form.current || !status.current) return undefined;
    const made = guardFields(form.current, session.client.call(id), { status: status.current });
    guard.current = made;
    return () => void made.dispose();
  }, [id]);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    event.currentTarget.reset();
    setPaid(true);
  };
  return (
    <form ref={form} onSubmit={submit}>
      <Stack gap="sm">
        <Text component="p" m={0} fw={600} role="status" aria-live="polite" ref={status} />
        <TextInput
          label={texts.demo.card}
          autoComplete="cc-number"
          readOnly
          inputMode="numeric"
          placeholder="4111 1111 1111 1111"
        />
        <Group grow>
          <TextInput
            label={texts.demo.expires}
            autoComplete="cc-exp"
            readOnly
            placeholder="12/29"
          />
          <TextInput
            label={texts.demo.code}
            autoComplete="cc-csc"
            readOnly
            inputMode="numeric"
            placeholder="123"
          />
        </Group>
        <Button type="submit" disabled={isOver}>
          {texts.demo.pay}
        </Button>
        <Text role="status" c="dimmed" mih={24}>
          {isPaid ? texts.demo.paid : ''}
        </Text>
      </Stack>
    </form>
  );
}

function Heard({ id, another }: { readonly id: string; another(): void }) {
  return (
    <Stack>
      <RecordingPage id={id} startAt={0} may={() => false} />
      <Button variant="default" onClick={another}>
        {texts.retry}
      </Button>
    </Stack>
  );
}
