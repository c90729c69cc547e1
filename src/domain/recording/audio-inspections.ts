import { trackHealth } from '../assurance/track-health.ts';
import { MEDIA_EXPECTED_MS, worstOf } from '../assurance/verdict.ts';
import type { Call } from '../call/call.ts';
import type { Journal } from '../call/journal.ts';
import type { AssuranceReason, CallHealth } from '../model/call-health.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { AlarmSink, OpenAlarms } from '../ports/alarm-sink.ts';
import type { FinishedRecording, InspectedAudio } from '../ports/archive.ts';
import type { Store } from '../ports/store.ts';
import { gapSummary, replacedGaps } from './gap-map.ts';
import type { RecordingLock } from './recording-lock.ts';

/**
 * Result of reading a recording. `missing`: files are absent or incomplete; nothing was played.
 * `damaged`: a part outside the gap map does not open.
 */
export type AudioFinding = 'whole' | 'missing' | 'damaged';

export interface AudioInspectionsPorts {
  readonly kept: RecordingLock;
  readonly store: Pick<Store, 'call' | 'gaps'>;
  readonly archive: { inspect(callId: string): Promise<InspectedAudio> };
  readonly journal: Pick<Journal, 'record'>;
  readonly alarms: AlarmSink & OpenAlarms;
  /** Judges a recording that has no verdict yet. */
  healthOf(record: CallRecord): Promise<CallHealth>;
  onError(cause: unknown): void;
}

/**
 * Keeps a settled recording's verdict true: when a reader, or a check of the archive, finds it
 * different from its rows, it is inspected in its turn. Audio that does not open becomes a gap
 * `lost`. Missing files change no gap map, because they may come back: until then the verdict says
 * so, and an alarm stays open.
 */
export class AudioInspections {
  readonly #ports: AudioInspectionsPorts;
  readonly #running = new Map<string, Promise<void>>();

  constructor(ports: AudioInspectionsPorts) {
    this.#ports = ports;
  }

  /** Returns at once; never throws. One recording is not inspected twice at a time. */
  notice(callId: string, finding: AudioFinding): void {
    if (this.#running.has(callId)) return;
    const look = this.#look(callId, finding)
      .catch(this.#ports.onError)
      .finally(() => this.#running.delete(callId));
    this.#running.set(callId, look);
  }

  /** Resolves when no inspection is running. */
  async settled(): Promise<void> {
    await Promise.all([...this.#running.values()]);
  }

  async #look(callId: string, finding: AudioFinding): Promise<void> {
    const { kept, store } = this.#ports;
    const record = await store.call(callId);
    if (record?.status !== 'kept') return;
    const isTold = record.health?.reasons.includes('audioMissing') ?? false;
    // Another process may have raised it, whose alarms ended with it.
    if (isTold && finding === 'missing') this.#openAlarm(record);
    else if (isTold || finding !== 'whole') await kept.run(callId, (call) => this.#inspect(call));
  }

  async #inspect(call: Call): Promise<void> {
    const { archive, alarms, journal, store, healthOf } = this.#ports;
    const { record } = call;
    if (record.status !== 'kept') return;
    const found = await archive.inspect(call.id);
    const before = record.health ?? (await healthOf(record));
    const health = amended(before, found);
    const gaps = found.finished?.gaps ?? [];
    const isNew = JSON.stringify(health) !== JSON.stringify(record.health);
    const gapsBefore = await store.gaps(call.id);
    const areSame = !found.finished || sameGaps(gapsBefore, gaps);
    if (isNew || !areSame) {
      const summary = found.finished && { gaps: gapSummary(gaps, found.finished.tracks) };
      const changed = areSame ? [] : replacedGaps(gapsBefore, gaps);
      const next = call.inspected({ health, ...summary });
      await journal.record(call, { type: 'callUpdated', record: next, extra: { gaps: changed } });
    }
    if (found.missing !== 'none') this.#openAlarm(record);
    else alarms.close(call.id, 'audioMissing');
    if (!before.reasons.includes('audioDamaged') && health.reasons.includes('audioDamaged')) {
      const detail = 'a part of the recording does not open any more: it is a gap now';
      alarms.raise({ kind: 'audioDamaged', ...namesOf(record), detail });
    }
  }

  #openAlarm(record: CallRecord): void {
    const detail = 'files of a kept recording are not there, or not whole: it is not played';
    this.#ports.alarms.open({ kind: 'audioMissing', ...namesOf(record), detail });
  }
}

function namesOf({ id: callId, correlationId, uccName }: CallRecord) {
  return { callId, correlationId, uccName };
}

function sameGaps(before: FinishedRecording['gaps'], after: FinishedRecording['gaps']): boolean {
  const textOf = (gaps: FinishedRecording['gaps']): string =>
    gaps
      .map(({ track, start, length, reason }) => [track, start, length, reason].join('/'))
      .sort()
      .join('\n');
  return textOf(before) === textOf(after);
}

/** Returns the verdict after the audio was inspected again; other findings stay. */
export function amended(health: CallHealth, { missing, finished }: InspectedAudio): CallHealth {
  const ours: AssuranceReason[] = [
    'audioMissing',
    ...(finished ? (['audioDamaged'] as const) : []),
  ];
  const tracks = finished ? tracksOf(health, finished) : health.tracks;
  const keptMs = sumOf(tracks.map((track) => track.keptMs));
  const dueMs = sumOf(tracks.map(({ expectedMs, absentMs }) => expectedMs - absentMs));
  const isNothing = missing === 'all' || (dueMs >= MEDIA_EXPECTED_MS && keptMs === 0);
  const isDamaged = finished?.gaps.some(({ reason }) => reason === 'lost') ?? false;
  const reasons: AssuranceReason[] = [
    ...health.reasons.filter((reason) => !ours.includes(reason) && reason !== 'nothingKept'),
    ...(isNothing ? (['nothingKept'] as const) : []),
    ...(isDamaged ? (['audioDamaged'] as const) : []),
    ...(missing === 'none' ? [] : (['audioMissing'] as const)),
  ];
  const isSame =
    reasons.length === health.reasons.length &&
    reasons.every((reason) => health.reasons.includes(reason));
  return {
    ...health,
    tracks,
    keptMs,
    reasons: isSame ? health.reasons : reasons,
    verdict: worstOf(reasons),
    absentMs: sumOf(tracks.map(({ absentMs }) => absentMs)),
    lostMs: sumOf(tracks.map(({ lostMs }) => lostMs)),
  };
}

/** Measurements made during the call are not in its audio. */
function tracksOf(health: CallHealth, { tracks, gaps }: FinishedRecording): CallHealth['tracks'] {
  const readings = new Map(
    health.tracks.map(({ track, jitterMs, packetsReceived, packetsLost, packetsOverflowed }) => [
      track,
      {
        jitterMs,
        received: packetsReceived,
        lost: packetsLost,
        overflowed: packetsOverflowed ?? 0,
      },
    ]),
  );
  return tracks.map((track) => trackHealth(track, { gaps, readings }));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
