import { Outbox } from '../event/outbox.ts';
import type { AlarmKind } from '../model/alarm.ts';
import type { AuditRecord } from '../model/audit-record.ts';
import type { CallDetailRecord } from '../model/call-detail.ts';
import type { CallRecord } from '../model/call-record.ts';
import { OutcomeUnknownError } from '../model/errors.ts';
import type { RecordingEvent, RecordingEventType } from '../model/recording-event.ts';
import type { StateAction } from '../model/recording-state.ts';
import { uccKey } from '../model/ucc.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Change, Store } from '../ports/store.ts';
import type { Call } from './call.ts';

export type ReceiptFields = Pick<
  CallDetailRecord,
  'detail' | 'action' | 'requester' | 'requestedAt' | 'effectiveAt' | 'streams'
>;

export interface Entry {
  readonly type: RecordingEventType;
  readonly record: CallRecord;
  readonly action?: StateAction;
  readonly requester?: string;
  /** Set for events of leases. */
  readonly owner?: string;
  /** Set for events of alarms. */
  readonly alarm?: AlarmKind;
  readonly at?: number;
  /** Receipt of a command or lease; sequence and names are filled in here. */
  readonly detail?: ReceiptFields;
  /** Audit row that says who did it, written in the same commit. */
  readonly audit?: AuditRecord;
  readonly extra?: Omit<Change, 'call' | 'partiesOf' | 'detail' | 'event' | 'audit'>;
}

/**
 * Writes every change of a call: its new state, its `UCC_CallDetail` row and its event, with the
 * next sequence number of its UCC, in one commit. Only durable changes become the call's state and
 * an event.
 */
export class Journal {
  readonly #store: Store;
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #sequences = new Map<string, number>();
  readonly #outboxes = new Map<string, Outbox>();
  /**
   * Position of the last event of any UCC; commits are added, and become durable, in this order.
   */
  #position = 0;
  #order: Outbox;
  #publishedThrough = 0;
  /** The same change as an event for further UCCs of the call, until it is published. */
  readonly #further = new WeakMap<RecordingEvent, readonly RecordingEvent[]>();
  /**
   * Called when the store may hold another state than the call has, because a commit failed or its
   * outcome is unknown. The events it would have published are not true.
   */
  onUntold: (call: Call, doubtful: readonly RecordingEvent[]) => void = () => undefined;

  constructor(ports: { store: Store; bus: Bus; clock: Clock }) {
    this.#store = ports.store;
    this.#bus = ports.bus;
    this.#clock = ports.clock;
    this.#order = this.#orderFrom(0);
  }

  /** Position of the last event published in order: all events below it are published as well. */
  get publishedThrough(): number {
    return this.#publishedThrough;
  }

  async load(): Promise<void> {
    this.#position = await this.#store.lastPosition();
    this.#order = this.#orderFrom(this.#position);
    for (const [ucc, sequence] of await this.#store.lastSequences()) {
      this.#sequences.set(ucc, sequence);
    }
  }

  /** Commits; the caller publishes once the change is in effect as well. */
  async commit(call: Call, entry: Entry): Promise<RecordingEvent> {
    const [event, ...furtherEvents] = this.#events(call, entry);
    const record = {
      ...entry.record,
      firstSequence: entry.record.firstSequence || event.sequence,
      lastSequence: event.sequence,
    };
    const detail = entry.detail && receiptOf(event, entry.detail);
    try {
      await this.#store.commit({
        call: record,
        ...(record.parties === call.record.parties ? {} : { partiesOf: record }),
        ...(record.dialogue.uccs === call.record.dialogue.uccs ? {} : { uccsOf: record }),
        event,
        ...(furtherEvents.length > 0 ? { furtherEvents } : {}),
        ...(detail ? { detail } : {}),
        ...(entry.audit ? { audit: [entry.audit] } : {}),
        ...entry.extra,
      });
    } catch (cause) {
      for (const { uccName, sequence, position } of [event, ...furtherEvents]) {
        this.#outbox(uccName).settle(sequence, undefined);
        this.#order.settle(position, undefined);
      }
      if (cause instanceof OutcomeUnknownError) this.onUntold(call, [event, ...furtherEvents]);
      throw cause;
    }
    this.#further.set(event, furtherEvents);
    call.accept(record);
    return event;
  }

  /** Publishes an event. Each event that `commit` returned is published once, in sequence order. */
  publish(event: RecordingEvent): void {
    for (const one of [event, ...(this.#further.get(event) ?? [])]) {
      this.#outbox(one.uccName).settle(one.sequence, one);
      this.#order.settle(one.position, one);
    }
  }

  async record(call: Call, entry: Entry): Promise<RecordingEvent> {
    const event = await this.commit(call, entry);
    this.publish(event);
    return event;
  }

  /** Accepts a state that the store could not record; it is stored later. */
  acceptUntold(call: Call, record: CallRecord): void {
    call.accept(record);
    this.onUntold(call, []);
  }

  /** Confirms that a committed Start took effect: from here on it outlives the process. */
  async confirmOpen(call: Call, event: RecordingEvent, detail: ReceiptFields | undefined) {
    const record = { ...call.record, openConfirmed: true };
    try {
      await this.#store.commit({
        call: record,
        ...(detail ? { detail: receiptOf(event, detail) } : {}),
      });
      call.accept(record);
    } catch (cause) {
      this.acceptUntold(call, record);
      throw cause;
    }
  }

  #outbox(uccName: string): Outbox {
    let outbox = this.#outboxes.get(uccName);
    if (!outbox) {
      const next = (this.#sequences.get(uccName) ?? 0) + 1;
      outbox = new Outbox(next, (event) => this.#bus.publish(event));
      this.#outboxes.set(uccName, outbox);
    }
    return outbox;
  }

  #orderFrom(position: number): Outbox {
    this.#publishedThrough = position;
    return new Outbox(position + 1, (event) => {
      this.#publishedThrough = event.position;
      this.#bus.publishInOrder(event);
    });
  }

  /** Returns the call's own UCC's event first; each UCC of the dialogue has its own sequence. */
  #events(call: Call, entry: Entry): [RecordingEvent, ...RecordingEvent[]] {
    const { uccName, dialogue } = entry.record;
    const further = dialogue.ruledBy.filter((name) => name !== uccKey(uccName));
    const own = this.#event(call, entry, uccName);
    return [own, ...further.map((name) => this.#event(call, entry, name))];
  }

  #event(call: Call, entry: Entry, uccName: string): RecordingEvent {
    const { record } = entry;
    this.#outbox(uccName);
    const sequence = (this.#sequences.get(uccName) ?? 0) + 1;
    this.#sequences.set(uccName, sequence);
    this.#position += 1;
    const at = entry.at ?? this.#clock.now();
    return {
      type: entry.type,
      uccName,
      sequence,
      position: this.#position,
      correlationId: record.correlationId,
      callId: record.id,
      at,
      action: entry.action ?? null,
      requester: entry.requester ?? null,
      owner: entry.owner ?? null,
      alarm: entry.alarm ?? null,
      recordingState: record.recordingState,
      markingState: record.markingState,
      savingState: record.savingState,
      ...gapTimes(call.record, record, at),
    };
  }
}

function receiptOf(event: RecordingEvent, fields: ReceiptFields): CallDetailRecord {
  const { callId, correlationId, uccName, sequence } = event;
  return { ...fields, callId, correlationId, uccName, sequence };
}

/** Returns the times of a gap that the change begins or ends; otherwise neither. */
function gapTimes(before: CallRecord, after: CallRecord, at: number) {
  if (before.gapStartedAt !== null && after.gapStartedAt === null) {
    return { gapStartedAt: before.gapStartedAt, gapEndedAt: at };
  }
  const begins = before.gapStartedAt === null && after.gapStartedAt !== null;
  return { gapStartedAt: begins ? after.gapStartedAt : null, gapEndedAt: null };
}
