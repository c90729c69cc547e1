import type { FinishedRecording } from './archive-port.ts';
import { type CallHealth, judge } from './assurance.ts';
import type { AlarmRecord, AssuranceStore } from './assurance-store.ts';
import type { AssuranceWatch } from './assurance-watch.ts';
import type { Call } from './call.ts';
import type { Store } from './ports.ts';
import { StateAction } from './recording-state.ts';
import type { CallRecord } from './records.ts';

export interface AssessorPorts {
  readonly store: Pick<Store, 'tracks' | 'details'> & {
    readonly assurance: Pick<AssuranceStore, 'alarmsOf'>;
  };
  readonly watch: Pick<AssuranceWatch, 'expectationsOf' | 'forget'>;
  onVerdict(health: CallHealth): void;
  onError(cause: unknown): void;
}

/** Gathers what is known of a call, and judges it. */
export class Assessor {
  readonly #ports: AssessorPorts;

  constructor(ports: AssessorPorts) {
    this.#ports = ports;
  }

  /** Of a call that has ended, once. That a call is kept never depends on its verdict. */
  async assess({ record }: Call, finished?: FinishedRecording): Promise<CallHealth> {
    const { watch, onVerdict } = this.#ports;
    const health = await this.#judge(record, finished);
    watch.forget(record.id);
    if (!health.reasons.includes('notAsked')) onVerdict(health);
    return health;
  }

  /** Of a call in progress as it stands now; of one that has ended as it was judged. */
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
    const live = record.endedAt === null;
    const counted = live ? alarms.filter(({ clearedAt }) => clearedAt === null) : alarms;
    return judge({
      ...{ record, tracks, gaps: finished?.gaps },
      expectations: watch.expectationsOf(record.id),
      alarms: new Set(counted.map(({ kind }) => kind)),
      pauses: details.filter(({ action }) => action === StateAction.Pause).length,
    });
  }
}
