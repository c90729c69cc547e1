import type { Alarm } from '../model/alarm.ts';

/** Alarms of calls that have ended, which stay open until their condition is over. */
export interface OpenAlarms {
  /** Opens an alarm; does nothing where it is open. */
  open(alarm: Omit<Alarm, 'at'> & { readonly callId: string }): void;
  /** Closes an alarm; does nothing where it is not open. */
  close(callId: string, kind: Alarm['kind']): void;
}

export interface AlarmSink {
  raise(alarm: Omit<Alarm, 'at'>): void;
}
