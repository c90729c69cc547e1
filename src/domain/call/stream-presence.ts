import { type Span, without } from '../common/span.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import type { StreamPresence } from '../model/stream-presence.ts';

/** Limits the holds that a client can make a track remember; further time counts as held. */
const MAX_HOLDS = 200;

export function presenceSince(at: number, held: boolean): StreamPresence {
  return { openedAt: at, closedAt: null, holds: held ? [{ from: at, until: null }] : [] };
}

/** Records that the client begins or ends a hold. */
export function presenceWith(presence: StreamPresence, held: boolean, at: number): StreamPresence {
  const { holds } = presence;
  const last = holds.at(-1);
  if (held) {
    if (last?.until === null) return presence;
    if (holds.length < MAX_HOLDS) {
      return { ...presence, holds: [...holds, { from: at, until: null }] };
    }
  } else if (last?.until !== null && holds.length < MAX_HOLDS) return presence;
  const until = held ? null : at;
  return { ...presence, holds: [...holds.slice(0, -1), { from: last?.from ?? at, until }] };
}

/** Returns when a call's gate was open, from its committed events. */
export function openSpans(
  { beganAt, endedAt, recorded }: Pick<CallRecord, 'beganAt' | 'endedAt' | 'recorded'>,
  events: readonly RecordingEvent[],
): Span[] {
  if (!recorded) return [];
  const shut: Span[] = [];
  let since: number | null = null;
  for (const { gapStartedAt, gapEndedAt } of events) {
    if (gapStartedAt !== null) since = gapStartedAt;
    if (gapEndedAt === null || since === null) continue;
    shut.push({ start: since, end: gapEndedAt });
    since = null;
  }
  const end = endedAt ?? beganAt;
  if (since !== null) shut.push({ start: since, end: Math.max(since, end) });
  return without({ start: beganAt, end }, shut);
}

/**
 * Returns how long a stream's audio was to be kept: it was there, not held, and the gate was open.
 * @param presence null for a stream of an older release: present all along
 */
export function wantedMs(presence: StreamPresence | null, open: readonly Span[]): number {
  const opened = presence?.openedAt ?? -Infinity;
  const closed = presence?.closedAt ?? Infinity;
  const held = (presence?.holds ?? []).map(({ from, until }) => {
    return { start: from, end: until ?? Infinity };
  });
  return open
    .map(({ start, end }) => ({ start: Math.max(start, opened), end: Math.min(end, closed) }))
    .filter(({ start, end }) => end > start)
    .flatMap((span) => without(span, held))
    .reduce((sum, { start, end }) => sum + end - start, 0);
}
