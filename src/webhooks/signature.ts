import { createHash, createHmac, randomBytes } from 'node:crypto';
import { WebhookSettingsError } from '../domain/event/webhooks.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';

/* Standard Webhooks 1.0: symmetric signatures, version 1. */

const PREFIX = 'whsec_';
const NEW_KEY_BYTES = 32;
/** Key lengths that the specification recommends. */
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

export function newSecret(): string {
  return PREFIX + randomBytes(NEW_KEY_BYTES).toString('base64');
}

/** @throws WebhookSettingsError, which does not repeat the secret */
export function checkSecret(secret: string): void {
  const key = signingKey(secret);
  const wellFormed = secret === PREFIX + key.toString('base64');
  if (!wellFormed || key.length < MIN_KEY_BYTES || key.length > MAX_KEY_BYTES) {
    const bytes = `${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes`;
    throw new WebhookSettingsError(`secret must be ${PREFIX} and ${bytes} in base64.`);
  }
}

/**
 * Returns an id that is the same for every attempt of one event to one webhook: receivers detect
 * duplicates by it.
 */
export function messageId(webhook: string, event: RecordingEvent): string {
  const parts = [webhook, event.uccName, event.sequence, event.callId];
  return `msg_${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)}`;
}

export interface SignedMessage {
  readonly id: string;
  /** Unix ms of the attempt */
  readonly at: number;
  readonly body: string;
}

export function signedHeaders(secret: string, message: SignedMessage): Record<string, string> {
  const timestamp = Math.floor(message.at / 1000);
  const signature = createHmac('sha256', signingKey(secret))
    .update(`${message.id}.${timestamp}.${message.body}`)
    .digest('base64');
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}

function signingKey(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64');
}
