import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Moments } from '../common/moment.ts';
import type { Alarm } from '../model/alarm.ts';
import type { Clock } from '../ports/clock.ts';
import type { CallSettlement } from './call-settlement.ts';

export interface EndingPorts {
  readonly calls: CallRegistry;
  readonly settlement: CallSettlement;
  readonly clock: Clock;
  readonly moments: Moments;
  readonly limits: { readonly mediaTimeoutMs: number };
  /** Ends recording sessions from our side; each of them then leaves its call. */
  hangUp(sessionIds: readonly string[]): void;
}

/** Ends calls; their audio is settled afterwards. */
export class CallEnding {
  readonly #ports: EndingPorts;
  readonly #mediaTimers = new Map<string, NodeJS.Timeout>();

  constructor(ports: EndingPorts) {
    this.#ports = ports;
  }

  /** Ends the call in its turn, after its streams have been closed. */
  async end(call: Call): Promise<void> {
    const { settlement, calls, clock, moments } = this.#ports;
    this.mediaReturned(call);
    call.ended = true;
    const record = call.finished({
      endedAt: clock.now(),
      status: settlement.statusAtEnd(call.record),
      dialogue: { ...call.record.dialogue, endedAt: moments.moment() },
    });
    await settlement.end(call, { type: 'callEnded', record });
    calls.remove(call);
    settlement.resume(call.correlationId);
    void settlement.reconsider(call.record).catch(() => undefined);
  }

  /** Ends a restored call when no media returns to it in time. */
  awaitMedia(call: Call, wasExpected = true): void {
    const timer = setTimeout(() => {
      this.#mediaTimers.delete(call.id);
      void call.queue.run(async () => {
        if (call.ended) return;
        const isExpected = !mayBeSilent(call);
        if (call.sessions.size === 0) await this.end(call);
        else if (isExpected && wasExpected) this.#ports.hangUp([...call.sessions]);
        // Once it is to send again it has as much time as a restored call.
        else this.awaitMedia(call, isExpected);
      });
    }, this.#ports.limits.mediaTimeoutMs);
    this.#mediaTimers.set(call.id, timer);
  }

  mediaReturned(call: Call): void {
    clearTimeout(this.#mediaTimers.get(call.id));
    this.#mediaTimers.delete(call.id);
  }

  abandon(): void {
    for (const timer of this.#mediaTimers.values()) clearTimeout(timer);
    this.#mediaTimers.clear();
  }
}

/**
 * Returns true while no media is expected: the client holds, or the call is paused. Its session
 * timer shows whether it lives.
 */
function mayBeSilent(call: Call): boolean {
  return !call.keeps || call.isOnHold;
}

export function storeAlarm(call: Call, cause: unknown): Omit<Alarm, 'at'> {
  const { id: callId, correlationId, uccName } = call;
  const detail = cause instanceof Error ? cause.message : 'unknown failure';
  return { kind: 'storeFailed', callId, correlationId, uccName, detail };
}
