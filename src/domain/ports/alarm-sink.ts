import type { Alarm } from '../model/alarm.ts';

/** Alarms of calls that have ended, which stay open until what they tell of is over. */
export interface OpenAlarms {
  /** Nothing where it is open. */
  open(alarm: Omit<Alarm, 'at'> & { readonly callId: string }): void;
  /** Nothing where it is not. */
  close(callId: string, kind: Alarm['kind']): void;
}

export interface AlarmSink {
  raise(alarm: Omit<Alarm, 'at'>): void;
}
