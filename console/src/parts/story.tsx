import type { Erasure, Operations, Receipt, RecordingDetail } from '@hush/client';
import { Text, Timeline, Title } from '@mantine/core';
import { clock, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useAsked } from '../use-asked.ts';
import { Failed } from './notes.tsx';

type Deed = Operations['GET /api/access-trail']['answer']['items'][number];

interface StoryProps {
  readonly recording: RecordingDetail;
  readonly canReadTrail: boolean;
}

interface Entry {
  readonly at: string;
  readonly what: string;
  readonly who: string;
}

/** Who did what when: commands and when they were in effect, who listened, what was erased. */
export function Story({ recording, canReadTrail }: StoryProps) {
  const { id, receipts, beganAt, endedAt } = recording;
  const trail = useAsked<{ items: readonly Deed[] }>(`trail/${id}`, async () =>
    canReadTrail
      ? session.client.request('GET /api/access-trail', { query: { recording: id, limit: 500 } })
      : { ok: true, value: { items: [] } },
  );
  const erasures = useAsked(`erasures/${id}`, () => session.client.recordings.erasures(id));
  const failed = [trail, erasures].find(({ error }) => error);
  const entries: Entry[] = [
    { at: beganAt, what: texts.recording.began, who: '' },
    ...receipts.map(ofReceipt),
    ...(endedAt === null ? [] : [{ at: endedAt, what: texts.recording.ended, who: '' }]),
    ...(trail.value?.items ?? []).flatMap(ofDeed),
    ...(erasures.value ?? []).map(ofErasure),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  return (
    <section>
      <Title order={2} size="h4" mb="sm">
        {texts.recording.story}
      </Title>
      {failed?.error && (
        <Failed error={failed.error} title={texts.recording.incomplete} again={failed.again} />
      )}
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

function ofReceipt({ action, requester, requestedAt, effectiveAt }: Receipt): Entry {
  const afterMs = Math.max(0, Date.parse(effectiveAt) - Date.parse(requestedAt));
  const what = `${action}, ${texts.recording.inEffect} ${afterMs} ms`;
  return { at: requestedAt, what, who: requester };
}

/** Commands have receipts, and erasures that were carried out have theirs. */
function ofDeed({ action, at, who, outcome }: Deed): Entry[] {
  const words = texts.deeds[action];
  if (!words || (action === 'erase' && outcome === 'ok')) return [];
  return [{ at, what: outcome === 'ok' ? words : `${words}: ${texts.refused}`, who }];
}

function ofErasure({ requestedAt, requestedBy, startMs, endMs, reason, state }: Erasure): Entry {
  const what = startMs === null ? texts.recording.whole : `${clock(startMs)}–${clock(endMs ?? 0)}`;
  const words = `${texts.deeds.erase}: ${what} (${reason}), ${state}`;
  return { at: requestedAt, what: words, who: requestedBy };
}
