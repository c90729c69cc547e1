import { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import { SerialQueue } from '../common/serial-queue.ts';
import type { Store } from '../ports/store.ts';

/** Reasons for refusing a change to a recording. */
export type RecordingRefusal =
  | 'unknown'
  | 'inProgress'
  | 'notKept'
  | 'onLegalHold'
  | 'noLegalHold'
  | 'beingErased'
  | 'outside';

const words: Record<RecordingRefusal, string> = {
  unknown: 'No such recording.',
  inProgress: 'The call is in progress, or has only just ended.',
  notKept: 'The recording is destroyed.',
  onLegalHold: 'The recording is under legal hold.',
  noLegalHold: 'The recording is under no legal hold.',
  beingErased: 'An erasure of the recording has begun.',
  outside: 'The interval does not lie within the recording.',
};

export class RecordingRefusedError extends Error {
  override readonly name = 'RecordingRefusedError';
  readonly refusal: RecordingRefusal;

  constructor(refusal: RecordingRefusal) {
    super(words[refusal]);
    this.refusal = refusal;
  }
}

interface RecordingLockPorts {
  readonly calls: CallRegistry;
  readonly store: Pick<Store, 'call'>;
}

/** Changes recordings; changes to one recording run one at a time, its call in progress or not. */
export class RecordingLock {
  readonly #ports: RecordingLockPorts;
  readonly #queues = new Map<string, SerialQueue>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(ports: RecordingLockPorts) {
    this.#ports = ports;
  }

  /**
   * @param change gets the call in progress, or the ended one as the store has it then
   * @throws RecordingRefusedError for a missing recording
   */
  run<Result>(callId: string, change: (call: Call) => Promise<Result>): Promise<Result> {
    const running = this.#run(callId, change).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Resolves when the changes under way have finished, or failed. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running]);
  }

  /** Does the same for a call that has ended, whether it was recorded or not. */
  ended<Result>(callId: string, change: (call: Call) => Promise<Result>): Promise<Result> {
    return this.#inTurn(callId, async () => {
      const record = await this.#ports.store.call(callId);
      if (!record) throw new RecordingRefusedError('unknown');
      return change(new Call(record));
    });
  }

  #run<Result>(callId: string, change: (call: Call) => Promise<Result>): Promise<Result> {
    const live = this.#ports.calls.byId(callId);
    if (live) return live.queue.run(() => change(live));
    return this.#inTurn(callId, async () => {
      const record = await this.#ports.store.call(callId);
      if (!record?.recorded) throw new RecordingRefusedError('unknown');
      return change(new Call(record));
    });
  }

  async #inTurn<Result>(callId: string, change: () => Promise<Result>): Promise<Result> {
    const queue = this.#queues.get(callId) ?? new SerialQueue();
    this.#queues.set(callId, queue);
    try {
      return await queue.run(change);
    } finally {
      if (queue.idle && this.#queues.get(callId) === queue) this.#queues.delete(callId);
    }
  }
}
