import { Alert, Card, Progress, Stack, Text, Title } from '@mantine/core';
import { bytes } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Failed } from './notes.tsx';

/** Two parties of G.711, a little more when sealed. */
const BYTES_PER_CALL_HOUR = 2 * 8_200 * 3_600;
const NEARLY_FULL = 90;

/** Shows the space for recordings. */
export function Storage() {
  const storage = useQuery('storage', () => session.client.request('GET /api/archive/storage', {}));
  return (
    <Card withBorder component="section">
      <Stack gap="xs">
        <Title order={2} size="h4">
          {texts.health.storage}
        </Title>
        {storage.error && <Failed error={storage.error} again={storage.again} />}
        {storage.value && <Room {...storage.value} />}
      </Stack>
    </Card>
  );
}

interface RoomProps {
  readonly takesWrites: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly spool: { readonly bytes: number; readonly maxBytes: number } | null;
}

function Room({ takesWrites, freeBytes, totalBytes, spool }: RoomProps) {
  const used = Math.round(100 * (1 - freeBytes / totalBytes));
  const hours = Math.floor(freeBytes / BYTES_PER_CALL_HOUR);
  return (
    <>
      {!takesWrites && (
        <Alert color="red" role="alert">
          {texts.health.noWrites}
        </Alert>
      )}
      <Progress
        value={used}
        color={used >= NEARLY_FULL ? 'red.9' : 'teal.9'}
        aria-label={texts.health.used}
      />
      <Text size="sm">
        {bytes(freeBytes)} {texts.health.freeOf} {bytes(totalBytes)}: {hours.toLocaleString()}{' '}
        {texts.health.hours}
      </Text>
      {spool && (
        <Text size="sm">
          {bytes(spool.bytes)} {texts.health.waiting} {bytes(spool.maxBytes)}
        </Text>
      )}
    </>
  );
}
