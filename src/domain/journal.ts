import type { Call } from './call.ts';
import type { RecordingEvent, RecordingEventType } from './events.ts';
import type { Bus, Change, Clock, Store } from './ports.ts';
import type { StateAction } from './recording-state.ts';
import type { CallDetailRecord, CallRecord } from './records.ts';

export interface Entry {
  readonly type: RecordingEventType;
  readonly record: CallRecord;
  readonly action?: StateAction;
  readonly requester?: string;
  readonly at?: number;
  /** A command's receipt; sequence and names are filled in here. */
  readonly detail?: Pick<CallDetailRecord, 'detail' | 'requestedAt' | 'effectiveAt' | 'streams'>;
  readonly extra?: Pick<Change, 'tracks' | 'gaps'>;
}

/**
 * Writes every change of a call: the call's new state, its `UCC_CallDetail` row and its event, with
 * the next sequence number of its UCC, in one commit. Only what is durable becomes the call's state
 * and an event.
 */
export class Journal {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #sequences = new Map<string, number>();

  constructor(ports: { store: Store; bus: Bus; clock: Clock }) {
    this.#store = ports.store;
    this.#bus = ports.bus;
    this.#clock = ports.clock;
  }

  async load(): Promise<void> {
    for (const [ucc, sequence] of await this.#store.lastSequences()) {
      this.#sequences.set(ucc, sequence);
    }
  }

  /** Commits; the caller publishes once the change is in effect as well. */
  async commit(call: Call, entry: Entry): Promise<RecordingEvent> {
    const event = this.#event(entry);
    const record = {
      ...entry.record,
      firstSequence: entry.record.firstSequence || event.sequence,
      lastSequence: event.sequence,
    };
    const detail = entry.detail && entry.action ? this.#detail(entry, event) : undefined;
    await this.#store.commit({
      call: record,
      event,
      ...(detail ? { detail } : {}),
      ...entry.extra,
    });
    call.accept(record);
    return event;
  }

  publish(event: RecordingEvent): void {
    this.#bus.publish(event);
  }

  async record(call: Call, entry: Entry): Promise<RecordingEvent> {
    const event = await this.commit(call, entry);
    this.publish(event);
    return event;
  }

  /** Completes the receipt of a command whose effect came after its commit (Start). */
  async completeReceipt(event: RecordingEvent, detail: Entry['detail']): Promise<void> {
    if (!detail || event.action === null) return;
    await this.#store.commit({
      detail: {
        ...detail,
        callId: event.callId,
        correlationId: event.correlationId,
        uccName: event.uccName,
        action: event.action,
        requester: event.requester ?? '',
        sequence: event.sequence,
      },
    });
  }

  #event(entry: Entry): RecordingEvent {
    const { record } = entry;
    const sequence = (this.#sequences.get(record.uccName) ?? 0) + 1;
    this.#sequences.set(record.uccName, sequence);
    return {
      type: entry.type,
      uccName: record.uccName,
      sequence,
      correlationId: record.correlationId,
      callId: record.id,
      at: entry.at ?? this.#clock.now(),
      action: entry.action ?? null,
      requester: entry.requester ?? null,
      recordingState: record.recordingState,
      markingState: record.markingState,
      savingState: record.savingState,
    };
  }

  #detail(entry: Entry, event: RecordingEvent): CallDetailRecord {
    const { detail } = entry;
    return {
      callId: event.callId,
      correlationId: event.correlationId,
      uccName: event.uccName,
      detail: detail?.detail ?? '',
      action: event.action as StateAction,
      requester: event.requester ?? '',
      requestedAt: detail?.requestedAt ?? event.at,
      effectiveAt: detail?.effectiveAt ?? event.at,
      sequence: event.sequence,
      streams: detail?.streams ?? [],
    };
  }
}
