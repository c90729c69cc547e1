import type { Call } from '../call/call.ts';
import { openSpans } from '../call/stream-presence.ts';
import type { AlarmRecord } from '../model/alarm.ts';
import type { CallHealth } from '../model/call-health.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import { StateAction } from '../model/recording-state.ts';
import type { AlarmSink } from '../ports/alarm-sink.ts';
import type { FinishedRecording } from '../ports/archive.ts';
import type { AssuranceStore } from '../ports/assurance-store.ts';
import type { Store } from '../ports/store.ts';
import type { AssuranceWatch } from './assurance-watch.ts';
import { isJudged, judge } from './verdict.ts';

export interface AssessorPorts {
  readonly store: Pick<Store, 'tracks' | 'details' | 'eventsOf'> & {
    readonly assurance: Pick<AssuranceStore, 'alarmsOf'>;
  };
  readonly watch: Pick<AssuranceWatch, 'figuresOf' | 'forget'>;
  readonly alarms: AlarmSink;
  onVerdict(health: CallHealth): void;
  onError(cause: unknown): void;
}

/** Gathers the evidence about a call and judges it. */
export class Assessor {
  readonly #ports: AssessorPorts;

  constructor(ports: AssessorPorts) {
    this.#ports = ports;
  }

  /** Judges a call that has ended, once. Keeping the call never depends on its verdict. */
  async assess({ record }: Call, finished?: FinishedRecording): Promise<CallHealth> {
    const { watch, onVerdict } = this.#ports;
    const health = await this.#judge(record, finished);
    watch.forget(record.id);
    if (isJudged(health)) onVerdict(health);
    if (health.reasons.includes('audioDamaged')) this.#alarm(record);
    return health;
  }

  #alarm({ id: callId, correlationId, uccName }: CallRecord): void {
    const detail = 'audio that was kept is damaged or not in its files any more';
    this.#ports.alarms.raise({ kind: 'audioDamaged', callId, correlationId, uccName, detail });
  }

  /** Returns the current health of a call in progress, or the verdict on one that has ended. */
  async healthOf(record: CallRecord): Promise<CallHealth> {
    return record.health ?? (await this.#judge(record, undefined));
  }

  async #judge(record: CallRecord, finished: FinishedRecording | undefined): Promise<CallHealth> {
    const { store, watch, onError } = this.#ports;
    const failed = (cause: unknown): [] => {
      onError(cause);
      return [];
    };
    const tracks = finished?.tracks ?? (await store.tracks(record.id).catch(failed));
    const alarms: AlarmRecord[] = await store.assurance.alarmsOf(record.id).catch(failed);
    const details = await store.details(record).catch(failed);
    const events: RecordingEvent[] = await store.eventsOf(record).catch(failed);
    const live = record.endedAt === null;
    const counted = live ? alarms.filter(({ clearedAt }) => clearedAt === null) : alarms;
    return judge({
      record,
      tracks,
      gaps: finished?.gaps,
      readings: watch.figuresOf(record.id),
      open: openSpans(record, events),
      alarms: new Set(counted.map(({ kind }) => kind)),
      pauses: details.filter(({ action }) => action === StateAction.Pause).length,
    });
  }
}
