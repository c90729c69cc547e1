import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandAnswer } from '../domain/control/command.ts';
import { type Alarm, type AlarmKind, alarmKinds } from '../domain/model/alarm.ts';
import { type CallHealth, verdicts } from '../domain/model/call-health.ts';
import { type InviteRefusal, inviteRefusalReasons } from '../domain/model/invite-refusal.ts';
import { metadataFaultCodes } from '../domain/model/metadata-fault.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';
import { type StateAction, stateActionName } from '../domain/model/recording-state.ts';
import type { PacketCounts } from '../domain/model/track.ts';
import type { SignIn } from '../domain/ports/authenticator.ts';
import type { StreamStats, TrackSummary } from '../domain/ports/recorder.ts';
import { PacketMeter } from './packet-meter.ts';

/** Gauges read when Prometheus scrapes. */
export interface MetricReadings {
  /** Version of Hush, as in its package. */
  readonly version: string;
  callsInProgress(): number;
  openStreams(): number;
  hubConnections(): number;
  freePorts(): number;
  recorderAvailable(): boolean;
  pausedCalls(): number;
  leases(): number;
  /** Open alarms of calls in progress. */
  openAlarms(): ReadonlyMap<AlarmKind, number>;
}

/**
 * All metrics of the process, named by Prometheus' conventions: base units, `_total`, prefix
 * `hush_`.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #commands = this.#counter('hush_commands_total', 'Commands, by outcome', ['outcome']);
  readonly #events = this.#counter('hush_events_total', 'Committed events', ['type', 'action']);
  readonly #alarms = this.#counter('hush_alarms_total', 'Alarms', ['kind']);
  readonly #sipDropped = this.#counter('hush_sip_dropped_total', 'SIP messages dropped', [
    'reason',
  ]);
  readonly #invitesRefused = this.#counter(
    'hush_sip_invites_refused_total',
    'INVITEs outside a dialog that were refused, by why',
    ['reason'],
  );
  readonly #packets = this.#counter(
    'hush_rtp_packets_total',
    'RTP packets by what became of them',
    ['outcome'],
  );
  readonly #packetsReceived = this.#counter('hush_rtp_packets_received_total', 'RTP packets', []);
  readonly #packetsLost = this.#counter(
    'hush_rtp_packets_lost_total',
    'RTP packets that were sent and never came',
    [],
  );
  readonly #packetsOverflowed = this.#counter(
    'hush_rtp_packets_overflowed_total',
    'RTP packets that the system dropped because they were not read in time',
    [],
  );
  readonly #packetsReordered = this.#counter(
    'hush_rtp_packets_reordered_total',
    'RTP packets that came behind a later one',
    [],
  );
  readonly #verdicts = this.#counter(
    'hush_calls_by_verdict_total',
    'Calls that were to be recorded, by what their recording is worth',
    ['verdict'],
  );
  readonly #seconds = this.#counter(
    'hush_recordings_seconds_total',
    'Seconds of streams of ended calls: kept, absent on purpose, lost',
    ['what'],
  );
  readonly #jitter = new Histogram({
    name: 'hush_rtp_jitter_seconds',
    help: 'Jitter of open streams, read once a second (RFC 3550 section 6.4.1)',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25],
    registers: [this.#registry],
  });
  readonly #meter = new PacketMeter((counter, packets) => this.#countPackets(counter, packets));
  readonly #metadataFaults = this.#counter(
    'hush_sip_metadata_incomplete_total',
    'Messages whose metadata could not be read as it should be, by why',
    ['fault'],
  );
  readonly #pauseOffers = this.#counter(
    'hush_sip_pause_offers_total',
    "Requests to clients to send nothing, or again, by the client's answer",
    ['outcome'],
  );
  readonly #webhookDeliveries = this.#counter(
    'hush_webhook_deliveries_total',
    'Attempts to deliver an event to a webhook, by outcome',
    ['outcome'],
  );
  readonly #signIns = this.#counter('hush_sign_ins_total', 'Token requests, by outcome', [
    'outcome',
  ]);
  readonly #logLinesDropped = this.#counter(
    'hush_log_lines_dropped_total',
    'Lines of the log that could not be written',
    [],
  );
  readonly #commandSeconds = new Histogram({
    name: 'hush_command_duration_seconds',
    help: 'From a command to its answer: fence and durable commit included',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.#registry],
  });

  constructor(readings: MetricReadings) {
    collectDefaultMetrics({ register: this.#registry });
    this.#buildInfo(readings.version);
    // An alert on an increase needs a zero before the first one.
    for (const verdict of verdicts) this.#verdicts.inc({ verdict }, 0);
    for (const kind of alarmKinds) this.#alarms.inc({ kind }, 0);
    for (const reason of inviteRefusalReasons) this.#invitesRefused.inc({ reason }, 0);
    for (const fault of metadataFaultCodes) this.#metadataFaults.inc({ fault }, 0);
    this.#gauge('hush_calls_in_progress', 'Calls in progress', readings.callsInProgress);
    this.#gauge('hush_hub_connections', 'Hub clients', readings.hubConnections);
    this.#gauge('hush_streams_open', 'Media streams open', readings.openStreams);
    this.#gauge('hush_rtp_ports_free', 'RTP ports not in use', readings.freePorts);
    this.#gauge('hush_calls_paused', 'Calls that somebody pauses', readings.pausedCalls);
    this.#gauge('hush_pause_leases', 'Pauses of the Hush API', readings.leases);
    this.#openAlarms(readings.openAlarms);
    this.#gauge('hush_recorder_available', '1 while the recorder can record', () =>
      Number(readings.recorderAvailable()),
    );
  }

  /** The usual way to join any metric with the version that it is of. */
  #buildInfo(version: string): void {
    const info = new Gauge({
      name: 'hush_build_info',
      help: '1, with the version of Hush that runs',
      labelNames: ['version'],
      registers: [this.#registry],
    });
    info.set({ version }, 1);
  }

  command(answer: CommandAnswer, seconds: number): void {
    this.#commands.inc({ outcome: answer.ok ? 'ok' : answer.error.code });
    if (answer.ok) this.#commandSeconds.observe(seconds);
  }

  event({ type, action }: RecordingEvent): void {
    this.#events.inc({
      type,
      action: action === null ? '' : stateActionName(action as StateAction),
    });
  }

  alarm({ kind }: Omit<Alarm, 'at'>): void {
    this.#alarms.inc({ kind });
  }

  signIn({ outcome, reason }: Pick<SignIn, 'outcome' | 'reason'>): void {
    this.#signIns.inc({ outcome: outcome === 'ok' ? 'ok' : (reason ?? 'denied') });
  }

  logLineDropped(): void {
    this.#logLinesDropped.inc();
  }

  sipDropped(reason: string): void {
    this.#sipDropped.inc({ reason });
  }

  inviteRefused(reason: InviteRefusal): void {
    this.#invitesRefused.inc({ reason });
  }

  /** Counts the faults of one message, each once. */
  metadataRead(faults: readonly string[]): void {
    for (const fault of new Set(faults)) this.#metadataFaults.inc({ fault });
  }

  pauseOffered(outcome: string): void {
    this.#pauseOffers.inc({ outcome });
  }

  webhookDelivery(outcome: string): void {
    this.#webhookDeliveries.inc({ outcome });
  }

  streamStats(stats: readonly StreamStats[]): void {
    this.#meter.read(stats);
    for (const { lastPacketAt, jitterMs } of stats) {
      if (lastPacketAt !== null) this.#jitter.observe(jitterMs / 1000);
    }
  }

  trackEnded(callId: string, summary: TrackSummary): void {
    this.#meter.ended(callId, summary);
  }

  verdict({ verdict, keptMs, absentMs, lostMs }: CallHealth): void {
    this.#verdicts.inc({ verdict });
    for (const [what, ms] of Object.entries({ kept: keptMs, absent: absentMs, lost: lostMs })) {
      this.#seconds.inc({ what }, ms / 1000);
    }
  }

  /** Counts packets: each has one outcome; lost and late ones are counted separately. */
  #countPackets(counter: keyof PacketCounts, packets: number): void {
    if (counter === 'received') this.#packetsReceived.inc(packets);
    else if (counter === 'lost') this.#packetsLost.inc(packets);
    else if (counter === 'overflowed') this.#packetsOverflowed.inc(packets);
    else if (counter === 'reordered') this.#packetsReordered.inc(packets);
    else this.#packets.inc({ outcome: counter }, packets);
  }

  async text(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #openAlarms(read: () => ReadonlyMap<AlarmKind, number>): void {
    const gauge: Gauge<'kind'> = new Gauge({
      name: 'hush_alarms_open',
      help: 'Alarms of calls in progress that are not over',
      labelNames: ['kind'],
      registers: [this.#registry],
      collect: () => {
        gauge.reset();
        for (const [kind, count] of read()) gauge.set({ kind }, count);
      },
    });
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect: () => gauge.set(read()),
    });
  }
}
