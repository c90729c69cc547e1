import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { InProcessBus } from '../../../src/bus/in-process.ts';
import { systemCaller } from '../../../src/domain/access/access.ts';
import { AuditLog, type AuditOf } from '../../../src/domain/access/audit-log.ts';
import { EventFeed } from '../../../src/domain/event/event-feed.ts';
import type { Alarm } from '../../../src/domain/model/alarm.ts';
import type { CallRecord } from '../../../src/domain/model/call-record.ts';
import type { RecordingEvent } from '../../../src/domain/model/recording-event.ts';
import type { Database } from '../../../src/store/rows/database.ts';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import type { AllLookup } from '../../../src/webhooks/address-guard.ts';
import type { WebhookLimits } from '../../../src/webhooks/delivery.ts';
import { WebhookDispatcher } from '../../../src/webhooks/webhook-dispatcher.ts';
import { aCall, anEvent } from '../../store/samples.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';

export const limits: WebhookLimits = {
  timeoutMs: 2_000,
  firstRetryMs: 5,
  maxRetryMs: 40,
  maxAttempts: 4,
  allowedNetworks: [],
};

export interface BenchOptions {
  readonly limits?: Partial<WebhookLimits>;
  readonly lookup?: AllLookup;
  /** Opens the database of another kind than SQLite. */
  connect?(): Database;
}

/**
 * A dispatcher on a real store, and the journal's part: events that are committed, then published.
 */
export class DispatcherBench {
  readonly alarms: Omit<Alarm, 'at'>[] = [];
  readonly outcomes: string[] = [];
  readonly errors: unknown[] = [];
  readonly #folder = temporaryFolder();
  readonly #options: BenchOptions;
  readonly #sequences = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #running: { store: SqlStore; bus: InProcessBus; dispatcher: WebhookDispatcher } | undefined;

  private constructor(options: BenchOptions) {
    this.#options = options;
  }

  static async open(options: BenchOptions = {}): Promise<DispatcherBench> {
    const bench = new DispatcherBench(options);
    await bench.start();
    return bench;
  }

  /** The row of whoever changes something. */
  readonly auditOf: AuditOf = (change) => {
    const log = new AuditLog({ store: this.store, clock: Date, onError: () => undefined });
    return log.entry(systemCaller('test', 'cli'), { action: 'webhook', outcome: 'ok', change });
  };

  get dispatcher(): WebhookDispatcher {
    return this.#parts.dispatcher;
  }
  get store(): SqlStore {
    return this.#parts.store;
  }

  async start(): Promise<void> {
    const file = join(this.#folder, 'hush.sqlite');
    const store = await SqlStore.open(this.#options.connect?.() ?? openSqlite(file));
    const bus = new InProcessBus((cause) => this.errors.push(cause));
    const { lookup } = this.#options;
    const dispatcher = new WebhookDispatcher({
      feed: new EventFeed(bus, store),
      ...{ store: store.webhooks, history: store, clock: { now: () => Date.now() } },
      limits: { ...limits, ...this.#options.limits },
      ...(lookup ? { lookup } : {}),
      isUcc: (name) => ['sales', 'support', 'other'].includes(name),
      alarms: { raise: (alarm) => this.#note(() => this.alarms.push(alarm)) },
      auditDisabled: this.auditOf,
      onAttempt: (outcome) => this.#note(() => this.outcomes.push(outcome)),
      onDisabled: (name) => this.#note(() => this.outcomes.push(`disabled ${name}`)),
      onError: (cause) => this.errors.push(cause),
    });
    this.#running = { store, bus, dispatcher };
    await dispatcher.start();
  }

  /** Commits an event without publishing it: what a Start does before it is in effect. */
  async commit(call: CallRecord): Promise<RecordingEvent> {
    const sequence = (this.#sequences.get(call.uccName) ?? 0) + 1;
    this.#sequences.set(call.uccName, sequence);
    const event = anEvent(call, sequence);
    await this.store.commit({ event });
    return event;
  }

  publish(event: RecordingEvent): void {
    this.#parts.bus.publish(event);
  }

  /** One event after the other of the given calls. */
  async happen(...calls: readonly CallRecord[]): Promise<void> {
    for (const call of calls) this.publish(await this.commit(call));
  }

  /** Resolves once the condition holds; looked at after each attempt and alarm. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.dispatcher.close();
    await running?.store.close();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #parts() {
    if (!this.#running) throw new Error('the dispatcher is not running');
    return this.#running;
  }

  #note(note: () => void): void {
    note();
    for (const look of [...this.#waiting]) look();
  }
}

export const sales = aCall({ uccName: 'sales' });
export const support = aCall({ uccName: 'support' });
