import { auditedChange, SECRET_CHANGED } from '../domain/access/audit-change.ts';
import type { AuditOf } from '../domain/access/audit-log.ts';
import { SerialQueue } from '../domain/common/serial-queue.ts';
import type { EventFeed } from '../domain/event/event-feed.ts';
import { parseWebhookUrl, WebhookSettingsError, type Webhooks } from '../domain/event/webhooks.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import { uccKey } from '../domain/model/ucc.ts';
import type {
  DeadLetter,
  DeadLetterPage,
  SavedWebhook,
  Webhook,
  WebhookSettings,
} from '../domain/model/webhook.ts';
import type { AlarmSink } from '../domain/ports/alarm-sink.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type { EventHistory } from '../domain/ports/event-store.ts';
import type { WebhookStore } from '../domain/ports/webhook-store.ts';
import { hasCardNumber } from '../domain/redaction/card-numbers.ts';
import { type AddressRule, type AllLookup, addressRule, leadsToRefused } from './address-guard.ts';
import { type DeliveryPorts, deliveryContext, type WebhookLimits } from './delivery.ts';
import { type Attempt, WebhookSender } from './sender.ts';
import { checkSecret, newSecret } from './signature.ts';
import { WebhookRun } from './webhook-run.ts';

const MAX_WEBHOOKS = 100;

export interface WebhookHistory extends EventHistory {
  lastSequences(): Promise<Map<string, number>>;
}

export interface WebhookDispatcherOptions {
  readonly feed: EventFeed;
  readonly store: WebhookStore;
  readonly history: WebhookHistory;
  readonly limits: WebhookLimits;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  /** Replaces the system's resolver. */
  readonly lookup?: AllLookup;
  isUcc(name: string): boolean;
  onAttempt(outcome: Attempt['outcome']): void;
  /** Makes the audit log row of Hush's own action: it disables a webhook. */
  readonly auditDisabled: AuditOf;
  /** Called when the receiver answered 410. */
  onDisabled(name: string): void;
  onError(cause: unknown): void;
}

interface Entry {
  readonly webhook: Webhook;
  /** Undefined for a disabled webhook. */
  readonly run: WebhookRun | undefined;
}

/**
 * Delivers committed events to webhooks, at least once. Each webhook has a durable cursor per UCC;
 * events after it are read from the store in pages, so that a slow receiver holds nothing in
 * memory. The feed only tells how far events are in effect: a Start is committed before it is.
 */
export class WebhookDispatcher implements Webhooks {
  readonly #options: WebhookDispatcherOptions;
  readonly #isRefused: AddressRule;
  readonly #ports: DeliveryPorts;
  readonly #entries = new Map<string, Entry>();
  readonly #horizons = new Map<string, number>();
  readonly #changes = new SerialQueue();
  #stopListening: () => void = () => {};
  #closed = false;

  /** @throws NetworkError if `allowedNetworks` are invalid */
  constructor(options: WebhookDispatcherOptions) {
    const { limits, clock, lookup } = options;
    this.#options = options;
    this.#isRefused = addressRule(limits.allowedNetworks);
    this.#ports = {
      ...options,
      settings: limits,
      sender: new WebhookSender({
        timeoutMs: limits.timeoutMs,
        isRefused: this.#isRefused,
        lookup,
        now: () => clock.now(),
      }),
      horizon: (uccName) => this.#horizons.get(uccName) ?? 0,
    };
  }

  /**
   * Resumes every webhook at its cursor. Comes before the first new event: all stored events are in
   * effect.
   */
  async start(): Promise<void> {
    this.#stopListening = this.#options.feed.live(({ uccName, sequence }) => {
      this.#horizons.set(uccName, sequence);
      for (const { run } of this.#entries.values()) run?.wake(uccName);
    });
    for (const [uccName, sequence] of await this.#options.history.lastSequences()) {
      this.#horizons.set(uccName, Math.max(sequence, this.#ports.horizon(uccName)));
    }
    for (const webhook of await this.#options.store.webhooks()) await this.#enter(webhook);
  }

  list(): Webhook[] {
    const webhooks = [...this.#entries.values()].map(({ webhook }) => webhook);
    return webhooks.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): Webhook | undefined {
    return this.#entries.get(uccKey(name))?.webhook;
  }

  put(name: string, settings: WebhookSettings, auditOf: AuditOf): Promise<SavedWebhook> {
    return this.#changes.run(async () => {
      const before = this.get(name);
      const webhook = this.#checked(name, settings, before);
      await this.#rest(webhook.name);
      try {
        await this.#save(webhook, before, auditOf(changeOf(before, webhook)));
      } catch (cause) {
        if (before) await this.#enter(before);
        throw cause;
      }
      await this.#enter(webhook);
      const isSecretNew = !before && settings.secret === undefined;
      const shown = isSecretNew ? { newSecret: webhook.secret } : {};
      return { webhook, created: !before, ...shown };
    });
  }

  remove(name: string, auditOf: AuditOf): Promise<boolean> {
    return this.#changes.run(async () => {
      const webhook = this.get(name);
      if (!webhook) return false;
      await this.#rest(webhook.name);
      const audit = auditOf(changeOf(webhook, undefined));
      await this.#options.store.remove(webhook.name, audit);
      this.#entries.delete(webhook.name);
      return true;
    });
  }

  deadLetters(name: string, page: DeadLetterPage): Promise<DeadLetter[]> {
    return this.#options.store.deadLetters(uccKey(name), page);
  }

  async redeliver(name: string, auditOf: AuditOf): Promise<number> {
    const count = await this.#options.store.deadLetterCount(uccKey(name));
    const change = auditedChange({}, { webhook: uccKey(name), deadLetters: count });
    await this.#options.store.noteRedelivery(auditOf(change));
    this.#entries.get(uccKey(name))?.run?.redeliver();
    return count;
  }

  /**
   * Aborts deliveries in progress: their cursors have not moved, and the next start delivers them.
   */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    // A change in progress finishes first, but starts nothing any more.
    await this.#changes.run(async () => {
      await Promise.all([...this.#entries.values()].map(({ run }) => run?.close()));
    });
    this.#ports.sender.close();
  }

  #checked(name: string, settings: WebhookSettings, before: Webhook | undefined): Webhook {
    if (!before && this.#entries.size >= MAX_WEBHOOKS) {
      throw new WebhookSettingsError(`There are ${MAX_WEBHOOKS} webhooks already.`);
    }
    if (!before && hasCardNumber(name)) {
      throw new WebhookSettingsError('The name holds what looks like a card number.');
    }
    const url = parseWebhookUrl(settings.url);
    if (leadsToRefused(url, this.#isRefused)) {
      throw new WebhookSettingsError('url leads to a link-local or metadata address.');
    }
    const uccs = [...new Set((settings.uccs ?? []).map(uccKey))];
    const unknown = uccs.find((uccName) => !this.#options.isUcc(uccName));
    if (unknown !== undefined) throw new WebhookSettingsError(`${unknown} is no UCC.`);
    if (settings.secret !== undefined) checkSecret(settings.secret);
    const secret = settings.secret ?? before?.secret ?? newSecret();
    const enabled = settings.enabled ?? true;
    return { name: uccKey(name), url: url.href, uccs, secret, enabled };
  }

  /** Saves a webhook; UCCs new to it start with their next event. */
  async #save(webhook: Webhook, before: Webhook | undefined, audit: AuditRecord): Promise<void> {
    // A removal cut short by a crash may have left rows behind.
    if (!before) await this.#options.store.remove(webhook.name);
    const cursors = [...this.#horizons]
      .filter(([uccName]) => !before || !follows(before, uccName))
      .map(([uccName, sequence]) => ({ webhook: webhook.name, uccName, sequence }));
    await this.#options.store.save(webhook, cursors, audit);
  }

  async #enter(webhook: Webhook): Promise<void> {
    const { name, enabled } = webhook;
    if (!enabled || this.#closed) {
      this.#entries.set(name, { webhook, run: undefined });
      return;
    }
    const cursors = await this.#options.store.cursors(name);
    const context = deliveryContext(this.#ports, webhook, () => this.#disable(webhook));
    const run = new WebhookRun(context, cursors);
    this.#entries.set(name, { webhook, run });
    for (const uccName of this.#horizons.keys()) run.wake(uccName);
  }

  /** Stops all deliveries of the webhook until it is entered again. */
  async #rest(name: string): Promise<void> {
    await this.#entries.get(name)?.run?.close();
  }

  #disable(webhook: Webhook): void {
    const disabled = { ...webhook, enabled: false };
    void this.#changes
      .run(async () => {
        // Replaced or removed meanwhile.
        if (this.get(webhook.name) !== webhook) return;
        await this.#rest(webhook.name);
        this.#entries.set(webhook.name, { webhook: disabled, run: undefined });
        const change = changeOf(webhook, disabled);
        await this.#options.store.save(disabled, [], this.#options.auditDisabled(change));
        this.#options.onDisabled(webhook.name);
      })
      .catch(this.#options.onError);
  }
}

/**
 * Returns a change without the secret and the query, which may hold one; it tells whether they
 * differ.
 */
function changeOf(before: Webhook | undefined, after: Webhook | undefined) {
  const partsOf = ({ url, uccs, enabled, secret }: Webhook) => {
    const [address, query = ''] = url.split('?', 2);
    return { shown: { url: address, uccs, enabled }, secret, query };
  };
  const [was, is] = [before && partsOf(before), after && partsOf(after)];
  const others = {
    ...(is && is.secret !== was?.secret ? { secret: SECRET_CHANGED } : {}),
    ...(is && is.query !== (was?.query ?? '') ? { urlQuery: SECRET_CHANGED } : {}),
  };
  return auditedChange(was?.shown, is && { ...is.shown, ...others });
}

function follows({ uccs }: Webhook, uccName: string): boolean {
  return uccs.length === 0 || uccs.includes(uccName);
}
