import { AlarmRegister } from '../domain/assurance/alarm-register.ts';
import { Assessor } from '../domain/assurance/assessor.ts';
import { AssuranceWatch } from '../domain/assurance/assurance-watch.ts';
import { systemTimeZone } from '../domain/assurance/calendar-day.ts';
import { DailySchedule } from '../domain/assurance/daily-schedule.ts';
import { StoreProbe } from '../domain/assurance/store-probe.ts';
import type { Alarm } from '../domain/model/alarm.ts';
import type { CallHealth } from '../domain/model/call-health.ts';
import type { CallRecord } from '../domain/model/call-record.ts';
import { TrustedClock } from '../domain/retention/trusted-clock.ts';
import type { RecordingHub } from '../hub/recording-hub.ts';
import { logVerdict } from '../logging/verdict-log.ts';
import { Metrics } from '../metrics/metrics.ts';
import type { MediaRecorder } from '../recorder/recorder.ts';
import { version } from '../version.ts';
import { type Context, Late } from './context.ts';
import type { EventParts } from './events.ts';
import type { StoreParts } from './store.ts';

export type AssuranceParts = ReturnType<typeof assembleAssurance>;

/** Alarms, metrics, the watch over every stream, verdicts and the daily summary. */
export function assembleAssurance(
  context: Context,
  { store, ownership }: StoreParts,
  { bus, calls, journal }: EventParts,
) {
  const { config, clock, logs, disposal } = context;
  const recorder = new Late<MediaRecorder>('the recorder');
  const hub = new Late<RecordingHub>('the hub');
  const onFailed = (cause: unknown): void =>
    logs.assurance.error({ err: cause }, 'what assurance found could not be kept');
  const raise = (alarm: Omit<Alarm, 'at'>): void => {
    metrics.alarm(alarm);
    logs.assurance.error({ alarm }, `alarm: ${alarm.kind}`);
  };
  const kept = { store: store.assurance, onError: onFailed };
  const alarms = new AlarmRegister({ calls, journal, clock, sink: { raise }, ...kept });
  const metrics = newMetrics({ calls, alarms, recorder, hub });
  const isRecorderAvailable = () => recorder.value.available;
  const limits = config.recording;
  const watch = new AssuranceWatch({ calls, alarms, isRecorderAvailable, limits });
  const onVerdict = verdictListener(context, metrics);
  const assessor = new Assessor({ store, alarms, watch, onVerdict, onError: onFailed });
  const trustedClock = new TrustedClock({
    clock,
    moments: context.moments,
    store: store.clockAnchors,
  });
  const { daily, timeZone } = newDailySchedule(context, { store, trustedClock, alarms, onFailed });
  disposal.add('daily summary', () => daily.close());
  disposal.add('log', () => context.output?.listen(undefined));
  bus.subscribe((event) => metrics.event(event));
  bus.subscribe((event) => watch.onEvent(event));
  return {
    alarms,
    metrics,
    watch,
    assessor,
    trustedClock,
    daily,
    timeZone,
    storeProbe: new StoreProbe({ store, isOwned: () => ownership.isSure }),
    recorder,
    hub,
    watchLog: () => watchLog(context, { alarms, metrics }),
    onFailed,
    onAuditFailed: (cause: unknown): void =>
      alarms.raise({ kind: 'storeFailed', detail: String(cause) }),
  };
}

function verdictListener({ logs }: Context, metrics: Metrics) {
  return (health: CallHealth, record: CallRecord): void => {
    metrics.verdict(health);
    logVerdict(logs.assurance, record, health);
  };
}

interface Measured {
  readonly calls: EventParts['calls'];
  readonly alarms: AlarmRegister;
  readonly recorder: Late<MediaRecorder>;
  readonly hub: Late<RecordingHub>;
}

function newMetrics({ calls, alarms, recorder, hub }: Measured): Metrics {
  return new Metrics({
    version,
    callsInProgress: () => calls.size,
    hubConnections: () => hub.value.connectionCount,
    openStreams: () => recorder.value.openStreamCount,
    freePorts: () => recorder.value.freePortCount,
    pausedCalls: () => calls.list().filter(({ pausedBy }) => pausedBy.length > 0).length,
    leases: () => calls.list().reduce((sum, { record }) => sum + record.leases.length, 0),
    recorderAvailable: () => recorder.value.available,
    openAlarms: () => alarms.openByKind,
  });
}

interface Summarised {
  readonly store: StoreParts['store'];
  readonly trustedClock: TrustedClock;
  readonly alarms: AlarmRegister;
  onFailed(cause: unknown): void;
}

function newDailySchedule(
  { config, clock, logs }: Context,
  { store, trustedClock, alarms, onFailed }: Summarised,
) {
  const timeZone = config.assurance.timeZone ?? systemTimeZone();
  const daily = new DailySchedule({
    ...config.assurance,
    timeZone,
    clock,
    trustedClock,
    alarms,
    store: store.assurance,
    onSummary: (date, { uccs, lookAtCount }) =>
      logs.assurance.info({ date, uccs, lookAtCount }, 'daily summary'),
    onError: onFailed,
  });
  return { daily, timeZone };
}

/** Raises an alarm while the log cannot be written, and counts the lines that are dropped. */
function watchLog(
  { output, config, logger }: Context,
  { alarms, metrics }: { readonly alarms: AlarmRegister; readonly metrics: Metrics },
): void {
  output?.listen(
    {
      onFailing: (why) => alarms.begin('logFailed', why),
      onDropped: () => metrics.logLineDropped(),
      onRecovered(dropped) {
        logger.warn({ dropped }, 'the log is written again; lines of it were dropped meanwhile');
        alarms.finish('logFailed');
      },
    },
    config.log.maxBufferBytes,
  );
}
