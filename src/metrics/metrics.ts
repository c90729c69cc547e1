import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CommandAnswer } from '../domain/command.ts';
import type { Alarm, RecordingEvent } from '../domain/events.ts';
import { type StateAction, stateActionName } from '../domain/recording-state.ts';
import type { PacketCounts } from '../domain/records.ts';

/** Read when Prometheus asks. */
export interface MetricReadings {
  callsInProgress(): number;
  openStreams(): number;
  hubConnections(): number;
  freePorts(): number;
  recorderAvailable(): boolean;
  pausedCalls(): number;
  leases(): number;
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
  readonly #packets = this.#counter(
    'hush_rtp_packets_total',
    'Packets of ended streams, by what became of them',
    ['outcome'],
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
  readonly #commandSeconds = new Histogram({
    name: 'hush_command_duration_seconds',
    help: 'From a command to its answer: fence and durable commit included',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.#registry],
  });

  constructor(readings: MetricReadings) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('hush_calls_in_progress', 'Calls in progress', readings.callsInProgress);
    this.#gauge('hush_hub_connections', 'Hub clients', readings.hubConnections);
    this.#gauge('hush_streams_open', 'Media streams open', readings.openStreams);
    this.#gauge('hush_rtp_ports_free', 'RTP ports not in use', readings.freePorts);
    this.#gauge('hush_calls_paused', 'Calls that somebody pauses', readings.pausedCalls);
    this.#gauge('hush_pause_leases', 'Pauses of the Hush API', readings.leases);
    this.#gauge('hush_recorder_available', '1 while the recorder can record', () =>
      Number(readings.recorderAvailable()),
    );
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

  sipDropped(reason: string): void {
    this.#sipDropped.inc({ reason });
  }

  pauseOffered(outcome: string): void {
    this.#pauseOffers.inc({ outcome });
  }

  webhookDelivery(outcome: string): void {
    this.#webhookDeliveries.inc({ outcome });
  }

  packets(counts: PacketCounts): void {
    for (const [outcome, count] of Object.entries(counts)) {
      this.#packets.inc({ outcome }, count as number);
    }
  }

  async text(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
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
