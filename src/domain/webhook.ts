import type { AuditOf, AuditRecord } from './audit-log.ts';
import { hasCardNumber } from './card-numbers.ts';

/** Somebody's address that gets every committed event of some UCCs. */
export interface Webhook {
  /** 1 to 64 characters, lower case, as a UCC's. */
  readonly name: string;
  /** `http` or `https`, without credentials. */
  readonly url: string;
  /** Names of UCCs; empty: all of them, those to come included. */
  readonly uccs: readonly string[];
  /** `whsec_` and the signing key in base64 (Standard Webhooks 1.0). Never listed, never logged. */
  readonly secret: string;
  readonly enabled: boolean;
}

export interface WebhookSettings {
  readonly url: string;
  readonly uccs?: readonly string[];
  readonly secret?: string;
  readonly enabled?: boolean;
}

/** Up to where a webhook has the events of a UCC. */
export interface WebhookCursor {
  readonly webhook: string;
  readonly uccName: string;
  readonly sequence: number;
}

/**
 * Why an attempt failed: an answer that is not 2xx, none in time, no connection, a forbidden
 * address.
 */
export type DeliveryFailure = 'rejected' | 'timeout' | 'unreachable' | 'addressRefused';

/** An event that was given up; it stays until a redelivery succeeds or its webhook is deleted. */
export interface DeadLetter extends WebhookCursor {
  readonly attempts: number;
  /** HTTP status of the last answer; null when none came. */
  readonly lastStatus: number | null;
  readonly reason: DeliveryFailure;
  /** Unix ms */
  readonly failedAt: number;
}

export interface DeadLetterPage {
  readonly after?: Pick<WebhookCursor, 'uccName' | 'sequence'>;
  readonly limit: number;
}

/** Rows. What resolves is durable. */
export interface WebhookStore {
  webhooks(): Promise<Webhook[]>;
  /** Sequence numbers by UCC; a UCC that is not there begins with its first event. */
  cursors(webhook: string): Promise<Map<string, number>>;
  /** Webhook and cursors at once, with the row that says who did it, or none of it. */
  save(webhook: Webhook, cursors: readonly WebhookCursor[], audit?: AuditRecord): Promise<void>;
  /** With its cursors and dead letters; nothing of it may be on its way. */
  remove(webhook: string, audit?: AuditRecord): Promise<void>;
  /** Who asked for it, before it begins. */
  noteRedelivery(audit: AuditRecord): Promise<void>;
  /** Cursor and dead letter at once, or neither. */
  advance(cursor: WebhookCursor, deadLetter?: DeadLetter): Promise<void>;
  /** By UCC and, within it, by sequence number. */
  deadLetters(webhook: string, page: DeadLetterPage): Promise<DeadLetter[]>;
  deadLetterCount(webhook: string): Promise<number>;
  saveDeadLetter(deadLetter: DeadLetter): Promise<void>;
  removeDeadLetter(deadLetter: WebhookCursor): Promise<void>;
}

export interface SavedWebhook {
  readonly webhook: Webhook;
  readonly created: boolean;
  /** Only when Hush made the secret just now: it is shown this once. */
  readonly newSecret?: string;
}

/** What the API does with webhooks. */
export interface Webhooks {
  list(): Webhook[];
  get(name: string): Webhook | undefined;
  /** Creates or replaces; an old secret stays where none is given. @throws WebhookSettingsError */
  put(name: string, settings: WebhookSettings, auditOf: AuditOf): Promise<SavedWebhook>;
  /** False when there is no such webhook. */
  remove(name: string, auditOf: AuditOf): Promise<boolean>;
  deadLetters(name: string, page: DeadLetterPage): Promise<DeadLetter[]>;
  /** Begins to try the dead letters again, in their order; resolves with their number. */
  redeliver(name: string, auditOf: AuditOf): Promise<number>;
}

/** Says what is wrong with a webhook's settings, in words for the caller. */
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
