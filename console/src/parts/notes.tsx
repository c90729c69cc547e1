import type { HushError } from '@hush/client';
import { Alert, Button, Center, Stack, Text } from '@mantine/core';
import { texts } from '../texts.ts';

/** Nothing is there, and what to do about it. */
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

export function Failed({ error, again }: { readonly error: HushError; again?(): void }) {
  return (
    <Alert color="red" variant="light" title={texts.failed} role="alert">
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
