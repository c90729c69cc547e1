import type { CallEvent, Erasure, Operations, Receipt, RecordingDetail } from '@hush/client';
import { Text, Timeline, Title } from '@mantine/core';
import { useEffect } from 'react';
import { clock, ownerName, shortParty, when } from '../format.ts';
import { session } from '../session.ts';
import { texts } from '../texts.ts';
import { useQuery } from '../use-query.ts';
import { Failed } from './notes.tsx';

/** Keys are destroyed first, files later: an unfinished erasure is polled. */
const LOOK_AGAIN_MS = 2_000;

type AuditRecord = Operations['GET /api/audit-log']['answer']['items'][number];

interface CallTimelineProps {
  /** Id of the call and of its recording. */
  readonly id: string;
  /** A change of version reloads the timeline. */
  readonly version: number;
  /** Set once the call has ended. */
  readonly recording?: RecordingDetail;
  readonly canReadAuditLog: boolean;
}

interface Entry {
  readonly at: string;
  readonly what: string;
  readonly who: string;
}

/**
 * The history of a call: its events, commands with the times at which they took effect, holds,
 * listening and erasures.
 */
export function CallTimeline({ id, version, recording, canReadAuditLog }: CallTimelineProps) {
  const events = useQuery(`events/${id}/${version}`, () => session.client.call(id).events());
  const receipts = useQuery(`receipts/${id}/${version}`, () => session.client.call(id).receipts());
  const auditLog = useQuery<{ items: readonly AuditRecord[] }>(
    `audit-log/${id}/${version}`,
    async () =>
      canReadAuditLog
        ? session.client.request('GET /api/audit-log', { query: { recording: id, limit: 500 } })
        : { ok: true, value: { items: [] } },
  );
  const erasures = useQuery<readonly Erasure[]>(`erasures/${id}/${version}`, async () =>
    recording ? session.client.recordings.erasures(id) : { ok: true, value: [] },
  );
  const isUnderWay = erasures.value?.some(({ state }) => state !== 'done') ?? false;
  const { again } = erasures;
  useEffect(() => {
    if (!isUnderWay) return undefined;
    const timer = setInterval(again, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isUnderWay, again]);
  const failed = [events, receipts, auditLog, erasures].find(({ error }) => error);
  const entries: Entry[] = [
    ...(events.value ?? []).flatMap(ofEvent),
    ...(receipts.value ?? []).map(ofReceipt),
    ...(recording ? holdsOf(recording) : []),
    ...(auditLog.value?.items ?? []).flatMap(ofAuditRecord),
    ...(erasures.value ?? []).map(ofErasure),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
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
          // biome-ignore lint/suspicious/noArrayIndexKey: the whole list is redrawn.
          <Timeline.Item key={index} title={what}>
            <Text size="sm" c="dimmed">
              <time dateTime={at} title={at}>
                {when(at)}
              </time>{' '}
              {who && `· ${who}`}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
    </section>
  );
}

/**
 * Skips commands, which have receipts, and erasures and holds, which are shown with their authors.
 */
function ofEvent({ type, at, owner, alarm }: CallEvent): Entry[] {
  const words = texts.events[type];
  if (!words) return [];
  const what = alarm === null ? words : `${words}: ${texts.alarms[alarm] ?? alarm}`;
  return [{ at, what, who: owner === null ? '' : ownerName(owner) }];
}

function ofReceipt({ action, requester, requestedAt, effectiveAt }: Receipt): Entry {
  const afterMs = Math.max(0, Date.parse(effectiveAt) - Date.parse(requestedAt));
  const words = texts.actions[action as keyof typeof texts.actions] ?? action;
  const what = `${words}, ${texts.recording.inEffect} ${afterMs} ms`;
  return { at: requestedAt, what, who: requester };
}

/** Holds by the parties are no commands: they come from the gap map. */
function holdsOf({ beganAt, tracks }: RecordingDetail): Entry[] {
  return tracks.flatMap(({ gaps, aor, role }) =>
    gaps
      .filter(({ reason }) => reason === 'hold')
      .map(({ startMs, lengthMs }) => ({
        at: new Date(Date.parse(beganAt) + startMs).toISOString(),
        what: `${texts.states.hold}, ${(lengthMs / 1000).toFixed(1)} s`,
        who: aor ? shortParty(aor) : (texts.roles[role] ?? role),
      })),
  );
}

/** Completed erasures have receipts of their own. */
function ofAuditRecord({ action, at, who, outcome }: AuditRecord): Entry[] {
  const words = texts.auditedActions[action];
  if (!words || (action === 'erase' && outcome === 'ok')) return [];
  return [{ at, what: outcome === 'ok' ? words : `${words}: ${texts.refused}`, who }];
}

function ofErasure({ requestedAt, requestedBy, startMs, endMs, reason, state }: Erasure): Entry {
  const what = startMs === null ? texts.recording.whole : `${clock(startMs)}–${clock(endMs ?? 0)}`;
  const words = `${texts.auditedActions.erase}: ${what} (${reason}), ${state}`;
  return { at: requestedAt, what: words, who: requestedBy };
}
