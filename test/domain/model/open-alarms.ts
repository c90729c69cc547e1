import type { AlarmSink, OpenAlarms } from '../../../src/domain/ports/alarm-sink.ts';

/** Keeps which calls have an alarm open. */
export function alarmsInto(open: Set<string>): AlarmSink & OpenAlarms {
  return {
    raise: () => undefined,
    open: ({ callId }) => void open.add(callId),
    close: (callId) => void open.delete(callId),
  };
}
