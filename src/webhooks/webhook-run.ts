import type { StoppableContext } from './delivery.ts';
import { Lane } from './lane.ts';
import { redeliver } from './redelivery.ts';

/** An enabled webhook at work, from one change of its settings to the next. */
export class WebhookRun {
  readonly #context: StoppableContext;
  readonly #cursors: ReadonlyMap<string, number>;
  readonly #lanes = new Map<string, Lane>();
  #redelivery: Promise<void> | undefined;

  constructor(context: StoppableContext, cursors: ReadonlyMap<string, number>) {
    this.#context = context;
    this.#cursors = cursors;
  }

  /** Called when there may be events of the UCC. */
  wake(uccName: string): void {
    const { uccs } = this.#context.webhook;
    if (uccs.length > 0 && !uccs.includes(uccName)) return;
    let lane = this.#lanes.get(uccName);
    if (!lane) {
      lane = new Lane(this.#context, uccName, this.#cursors.get(uccName) ?? 0);
      this.#lanes.set(uccName, lane);
    }
    lane.wake();
  }

  /** Starts a redelivery unless one is in progress. */
  redeliver(): void {
    if (this.#context.signal.aborted) return;
    this.#redelivery ??= redeliver(this.#context)
      .catch(this.#context.onError)
      .finally(() => {
        this.#redelivery = undefined;
      });
  }

  /** Resolves when nothing of the webhook touches the store any more. */
  async close(): Promise<void> {
    this.#context.stop();
    await Promise.all([...this.#lanes.values()].map(({ settled }) => settled));
    await this.#redelivery;
  }
}
