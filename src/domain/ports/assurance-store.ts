import type { AlarmKind, AlarmRecord } from '../model/alarm.ts';
import type { CallRecord } from '../model/call-record.ts';

export interface AlarmFilter {
  /**
   * Limits the result to these UCCs, as `uccKey` spells them; without it, also alarms of no UCC.
   */
  readonly uccs?: readonly string[];
  readonly open?: boolean;
  readonly kind?: AlarmKind;
  /** Unix ms, inclusive and exclusive */
  readonly from?: number;
  readonly to?: number;
  /** Older than the alarm of this id. */
  readonly before?: string;
  readonly limit: number;
}

export interface DayPage {
  /** Unix ms, inclusive and exclusive */
  readonly from: number;
  readonly to: number;
  readonly uccs?: readonly string[];
  readonly after?: { readonly beganAt: number; readonly id: string };
  readonly limit: number;
}

/** Store operations that assurance needs. */
export interface AssuranceStore {
  /** Returns alarms, newest first. */
  alarms(filter: AlarmFilter): Promise<AlarmRecord[]>;
  alarmsOf(callId: string): Promise<AlarmRecord[]>;
  saveAlarm(alarm: AlarmRecord): Promise<void>;
  /** Ends the open alarms of the call. */
  endAlarms(at: number, callId: string): Promise<void>;
  /** Ends every open alarm raised until then, whose process is gone. */
  endAlarmsOfBefore(raisedUntil: number, at: number): Promise<void>;
  /** Forgets alarms raised before that time. */
  forgetAlarms(before: number): Promise<void>;
  /** Calls that began on the day, oldest first, recorded or not. */
  callsOf(page: DayPage): Promise<CallRecord[]>;
  callsByCorrelationId(ids: readonly string[]): Promise<CallRecord[]>;
}
