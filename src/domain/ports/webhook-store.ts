import type { AuditRecord } from '../model/audit-record.ts';
import type { DeadLetter, DeadLetterPage, Webhook, WebhookCursor } from '../model/webhook.ts';

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
