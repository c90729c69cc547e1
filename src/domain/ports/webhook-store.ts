import type { AuditRecord } from '../model/audit-record.ts';
import type { DeadLetter, DeadLetterPage, Webhook, WebhookCursor } from '../model/webhook.ts';

/** Rows. Resolved writes are durable. */
export interface WebhookStore {
  webhooks(): Promise<Webhook[]>;
  /** Returns sequence numbers by UCC; a missing UCC begins with its first event. */
  cursors(webhook: string): Promise<Map<string, number>>;
  /** Writes webhook, cursors and the row that says who did it, all or nothing. */
  save(webhook: Webhook, cursors: readonly WebhookCursor[], audit?: AuditRecord): Promise<void>;
  /** Removes it with its cursors and dead letters; none of its deliveries may be under way. */
  remove(webhook: string, audit?: AuditRecord): Promise<void>;
  /** Writes the audit row of a redelivery before it begins. */
  noteRedelivery(audit: AuditRecord): Promise<void>;
  /** Writes cursor and dead letter, both or neither. */
  advance(cursor: WebhookCursor, deadLetter?: DeadLetter): Promise<void>;
  /** Returns dead letters by UCC and, within it, by sequence number. */
  deadLetters(webhook: string, page: DeadLetterPage): Promise<DeadLetter[]>;
  deadLetterCount(webhook: string): Promise<number>;
  saveDeadLetter(deadLetter: DeadLetter): Promise<void>;
  removeDeadLetter(deadLetter: WebhookCursor): Promise<void>;
}
