import type { HushError } from '@hush/client';
import { Alert, Button, Center, Stack, Text } from '@mantine/core';
import { texts } from '../texts.ts';

/** A note for an empty list, with a hint. */
export function Empty({ title, hint }: { readonly title: string; readonly hint: string }) {
  return (
    <Center py="xl">
      <Stack gap={4} align="center">
        <Text fw={600}>{title}</Text>
        <Text c="dimmed" ta="center">
          {hint}
        </Text>
      </Stack>
    </Center>
  );
}

interface FailedProps {
  readonly error: HushError;
  readonly title?: string;
  again?(): void;
}

export function Failed({ error, title = texts.failed, again }: FailedProps) {
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        {error.message}
        {again && (
          <Button size="xs" variant="default" onClick={again}>
            {texts.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
