import { Alert, Button, Code, Stack, Text } from '@mantine/core';
import { texts } from '../texts.ts';

export interface NewSecret {
  readonly of: string;
  readonly secret: string;
}

/** A secret that Hush generated; it is shown only once. */
export function Secret({ made, close }: { readonly made: NewSecret; close(): void }) {
  return (
    <Alert color="orange" role="status">
      <Stack gap="xs" align="flex-start">
        <Text fw={600}>
          {texts.people.secretOf} {made.of}
        </Text>
        <Text size="sm">{texts.people.secretOnce}</Text>
        <Code
          block
          data-testid="secret"
          style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}
        >
          {made.secret}
        </Code>
        <Button size="xs" variant="default" onClick={close}>
          {texts.people.secretKept}
        </Button>
      </Stack>
    </Alert>
  );
}
