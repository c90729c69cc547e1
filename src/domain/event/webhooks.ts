import type { AuditOf } from '../access/audit-log.ts';
import type {
  DeadLetter,
  DeadLetterPage,
  SavedWebhook,
  Webhook,
  WebhookSettings,
} from '../model/webhook.ts';
import { hasCardNumber } from '../redaction/card-numbers.ts';

/** The API's operations on webhooks. */
export interface Webhooks {
  list(): Webhook[];
  get(name: string): Webhook | undefined;
  /** Creates or replaces; without a new secret the old one stays. @throws WebhookSettingsError */
  put(name: string, settings: WebhookSettings, auditOf: AuditOf): Promise<SavedWebhook>;
  /** Returns false when there is no such webhook. */
  remove(name: string, auditOf: AuditOf): Promise<boolean>;
  deadLetters(name: string, page: DeadLetterPage): Promise<DeadLetter[]>;
  /** Starts to retry the dead letters in order; resolves with their number. */
  redeliver(name: string, auditOf: AuditOf): Promise<number>;
}

/** Says what is wrong with a webhook's settings, in a message for the caller. */
export class WebhookSettingsError extends Error {
  override readonly name = 'WebhookSettingsError';
}

/** @throws WebhookSettingsError */
export function parseWebhookUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new WebhookSettingsError('url is no URL.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new WebhookSettingsError('url must be http or https.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new WebhookSettingsError('url must not carry credentials.');
  }
  if (hasCardNumber(text)) {
    throw new WebhookSettingsError('url holds what looks like a card number.');
  }
  return url;
}
