import type { RecordingEvent } from '../domain/model/recording-event.ts';
import type { DeliveryFailure } from '../domain/model/webhook.ts';
import { pause, retryDelayMs } from './back-off.ts';
import type { DeliveryContext } from './delivery.ts';
import type { Attempt } from './sender.ts';

/** Events in memory per webhook and UCC, however many wait. */
const PAGE = 50;

/**
 * Delivers one UCC's events to one webhook one at a time, which keeps the order of each call. They
 * are read from the store after the cursor; `wake` only says that there are more.
 */
export class Lane {
  readonly #context: DeliveryContext;
  readonly #uccName: string;
  #cursor: number;
  #running = false;
  #settled: Promise<void> = Promise.resolve();

  constructor(context: DeliveryContext, uccName: string, cursor: number) {
    this.#context = context;
    this.#uccName = uccName;
    this.#cursor = cursor;
  }

  /** Resolves when the lane is idle, or was stopped by its context's signal. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  wake(): void {
    if (this.#running || !this.#isBehind()) return;
    this.#running = true;
    this.#settled = this.#run();
  }

  #isBehind(): boolean {
    const { signal, horizon } = this.#context;
    return !signal.aborted && this.#cursor < horizon(this.#uccName);
  }

  async #run(): Promise<void> {
    const { signal, settings, onError } = this.#context;
    while (this.#isBehind()) {
      try {
        await this.#deliverPage();
      } catch (cause) {
        // The store failed: events delivered since the cursor are delivered again.
        onError(cause);
        await pause(settings.firstRetryMs, signal);
      }
    }
    this.#running = false;
  }

  async #deliverPage(): Promise<void> {
    const upTo = this.#context.horizon(this.#uccName);
    const page = await this.#context.history.events(this.#uccName, this.#cursor, PAGE);
    // Events that are committed but not yet in effect lie beyond the horizon.
    const due = page.filter(({ sequence }) => sequence <= upTo);
    for (const event of due) {
      if (!(await this.#deliver(event))) return;
      this.#cursor = event.sequence;
    }
    if (due.length === 0) this.#cursor = upTo;
  }

  /** Returns false if stopped before the event was delivered or given up. */
  async #deliver(event: RecordingEvent): Promise<boolean> {
    const { context, position } = { context: this.#context, position: this.#position(event) };
    for (let count = 1; ; count += 1) {
      const attempt = await context.attempt(event);
      if (attempt.outcome === 'delivered') {
        await context.store.advance(position);
        return true;
      }
      if (context.signal.aborted) return false;
      if (count >= context.settings.maxAttempts) {
        await this.#giveUp(event, attempt, count);
        return true;
      }
      await pause(retryDelayMs(context.settings, count, attempt), context.signal);
      if (context.signal.aborted) return false;
    }
  }

  async #giveUp(event: RecordingEvent, attempt: Attempt, attempts: number): Promise<void> {
    const { store, alarms, clock, webhook } = this.#context;
    const position = this.#position(event);
    await store.advance(position, {
      ...position,
      attempts,
      lastStatus: attempt.status,
      reason: attempt.outcome as DeliveryFailure,
      failedAt: clock.now(),
    });
    alarms.raise({
      kind: 'webhookDeadLetter',
      uccName: event.uccName,
      callId: event.callId,
      correlationId: event.correlationId,
      detail: `webhook ${webhook.name}: event ${event.sequence} was given up (${attempt.outcome})`,
    });
  }

  #position({ sequence }: RecordingEvent) {
    return { webhook: this.#context.webhook.name, uccName: this.#uccName, sequence };
  }
}
