import { setMaxListeners } from 'node:events';
import { eventView } from '../domain/event/event-view.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';
import type { Webhook } from '../domain/model/webhook.ts';
import type { AlarmSink } from '../domain/ports/alarm-sink.ts';
import type { Clock } from '../domain/ports/clock.ts';
import type { EventHistory } from '../domain/ports/event-store.ts';
import type { WebhookStore } from '../domain/ports/webhook-store.ts';
import type { Attempt, WebhookSender } from './sender.ts';
import { messageId, signedHeaders } from './signature.ts';

export interface WebhookLimits {
  /** Time limit of one attempt, from its connection to the headers of the answer. */
  readonly timeoutMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly maxAttempts: number;
  /** Addresses or CIDR ranges that are allowed although they are link-local or metadata. */
  readonly allowedNetworks: readonly string[];
}

/** Ports shared by all webhooks. */
export interface DeliveryPorts {
  readonly store: WebhookStore;
  readonly history: EventHistory;
  readonly sender: WebhookSender;
  readonly settings: WebhookLimits;
  readonly alarms: AlarmSink;
  readonly clock: Clock;
  /** Returns the UCC's last event that is in effect. */
  horizon(uccName: string): number;
  onAttempt(outcome: Attempt['outcome']): void;
  onError(cause: unknown): void;
}

/** One webhook with its present settings, until it is stopped. */
export interface DeliveryContext extends DeliveryPorts {
  readonly webhook: Webhook;
  readonly signal: AbortSignal;
  attempt(event: RecordingEvent): Promise<Attempt>;
}

export interface StoppableContext extends DeliveryContext {
  stop(): void;
}

/** @param onGone called when the receiver wants nothing more; the webhook has stopped already */
export function deliveryContext(
  ports: DeliveryPorts,
  webhook: Webhook,
  onGone: () => void,
): StoppableContext {
  const controller = new AbortController();
  const { signal } = controller;
  // Each of its UCCs listens to the signal.
  setMaxListeners(0, signal);
  return {
    ...ports,
    webhook,
    signal,
    stop: () => controller.abort(),
    async attempt(event) {
      const body = JSON.stringify(eventView(event));
      const message = { id: messageId(webhook.name, event), at: ports.clock.now(), body };
      const headers = signedHeaders(webhook.secret, message);
      const attempt = await ports.sender.send({ url: webhook.url, headers, body, signal });
      if (attempt.outcome !== 'stopped') ports.onAttempt(attempt.outcome);
      if (attempt.outcome === 'gone' && !signal.aborted) {
        controller.abort();
        onGone();
      }
      return attempt;
    },
  };
}
