import type { OpenAlarms } from '../../../src/domain/events.ts';
import type { AlarmSink } from '../../../src/domain/ports.ts';

/** Keeps which calls have an alarm open. */
export function alarmsInto(open: Set<string>): AlarmSink & OpenAlarms {
  return {
    raise: () => undefined,
    open: ({ callId }) => void open.add(callId),
    close: (callId) => void open.delete(callId),
  };
}
