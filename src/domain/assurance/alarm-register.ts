import type { Call } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import type { Journal } from '../call/journal.ts';
import { RisingUuids } from '../identifiers/uuid.ts';
import type { Alarm, AlarmKind, AlarmRecord } from '../model/alarm.ts';
import type { AlarmSink, OpenAlarms } from '../ports/alarm-sink.ts';
import type { AssuranceStore } from '../ports/assurance-store.ts';
import type { Clock } from '../ports/clock.ts';
import { cleanText } from '../redaction/client-text.ts';

export interface AlarmRegisterPorts {
  readonly calls: CallRegistry;
  readonly store: Pick<AssuranceStore, 'saveAlarm' | 'endAlarms'>;
  readonly journal: Pick<Journal, 'record'>;
  readonly clock: Clock;
  /** Receives each alarm, however often it is raised: metrics and log. */
  readonly sink: AlarmSink;
  onError(cause: unknown): void;
}

/** Limit on alarms outside calls in progress; beyond it they are only counted and logged. */
const MAX_MOMENTS_PER_MINUTE = 60;
const MINUTE_MS = 60_000;
const MAX_DETAIL_LENGTH = 2_000;

/**
 * Keeps raised alarms. An alarm of a call in progress is raised once until it is cleared, and is an
 * event of the call, committed in its turn like every other; the end of the call ends it. Every
 * other alarm tells of a moment.
 */
export class AlarmRegister implements AlarmSink, OpenAlarms {
  readonly #ports: AlarmRegisterPorts;
  readonly #ids = new RisingUuids();
  /** By call, then by kind. */
  readonly #open = new Map<string, Map<AlarmKind, AlarmRecord>>();
  /** Alarms of Hush itself that are still open. */
  readonly #standing = new Map<AlarmKind, AlarmRecord>();
  #minute = 0;
  #moments = 0;

  constructor(ports: AlarmRegisterPorts) {
    this.#ports = ports;
  }

  /** The number of open alarms by kind. */
  get openByKind(): Map<AlarmKind, number> {
    const counts = new Map<AlarmKind, number>();
    for (const ofCall of [...this.#open.values(), this.#standing]) {
      for (const kind of ofCall.keys()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  }

  raise(alarm: Omit<Alarm, 'at'>): void {
    this.#ports.sink.raise(alarm);
    const call = alarm.callId === undefined ? undefined : this.#ports.calls.byId(alarm.callId);
    if (call && !call.ended) this.#raiseOf(call, alarm);
    else this.#keepMoment(alarm);
  }

  /** Opens an alarm that belongs to no call, once, however often it is begun. */
  begin(kind: AlarmKind, detail: string): void {
    if (this.#standing.has(kind)) return;
    this.#ports.sink.raise({ kind, detail });
    const record = this.#recordOf({ kind, detail }, null);
    this.#standing.set(kind, record);
    this.#ports.store.saveAlarm(record).catch(this.#ports.onError);
  }

  /** Closes an alarm that `begin` opened. */
  finish(kind: AlarmKind): void {
    const record = this.#standing.get(kind);
    if (!this.#standing.delete(kind) || !record) return;
    const { store, clock, onError } = this.#ports;
    store.saveAlarm({ ...record, clearedAt: clock.now() }).catch(onError);
  }

  /** Returns the open alarms of a call in progress. */
  openOf(callId: string): AlarmKind[] {
    return [...(this.#open.get(callId)?.keys() ?? [])];
  }

  isOpen(callId: string, kind: AlarmKind): boolean {
    return this.#open.get(callId)?.has(kind) ?? false;
  }

  /** Clears an alarm; does nothing where it is not open. */
  clear(call: Call, kind: AlarmKind): void {
    const record = this.#open.get(call.id)?.get(kind);
    if (!record) return;
    this.#open.get(call.id)?.delete(kind);
    this.#tell(call, 'alarmCleared', { ...record, clearedAt: this.#ports.clock.now() });
  }

  open(alarm: Omit<Alarm, 'at'> & { readonly callId: string }): void {
    const ofCall = this.#open.get(alarm.callId) ?? new Map<AlarmKind, AlarmRecord>();
    this.#open.set(alarm.callId, ofCall);
    if (ofCall.has(alarm.kind)) return;
    this.#ports.sink.raise(alarm);
    const record = this.#recordOf(alarm, null);
    ofCall.set(alarm.kind, record);
    this.#ports.store.saveAlarm(record).catch(this.#ports.onError);
  }

  close(callId: string, kind: AlarmKind): void {
    const ofCall = this.#open.get(callId);
    const record = ofCall?.get(kind);
    if (!ofCall || !record) return;
    ofCall.delete(kind);
    if (ofCall.size === 0) this.#open.delete(callId);
    const { store, clock, onError } = this.#ports;
    store.saveAlarm({ ...record, clearedAt: clock.now() }).catch(onError);
  }

  /** Ends the call's alarms with the call; `callEnded` tells listeners. */
  callEnded(callId: string): void {
    if (!this.#open.delete(callId)) return;
    const { store, clock, onError } = this.#ports;
    store.endAlarms(clock.now(), callId).catch(onError);
  }

  #raiseOf(call: Call, alarm: Omit<Alarm, 'at'>): void {
    const ofCall = this.#open.get(call.id) ?? new Map<AlarmKind, AlarmRecord>();
    this.#open.set(call.id, ofCall);
    if (ofCall.has(alarm.kind)) return;
    const { correlationId, uccName } = call;
    const record = this.#recordOf({ ...alarm, correlationId, uccName }, null);
    ofCall.set(alarm.kind, record);
    this.#tell(call, 'alarmRaised', record);
  }

  /** Runs in the call's turn; the call's state and version stay unchanged. */
  #tell(call: Call, type: 'alarmRaised' | 'alarmCleared', alarm: AlarmRecord): void {
    const { journal, store, onError } = this.#ports;
    const told = call.queue.run(async () => {
      const extra = { alarms: [alarm] };
      if (!call.ended) {
        await journal.record(call, { type, record: call.record, alarm: alarm.kind, extra });
      } else await store.saveAlarm({ ...alarm, clearedAt: alarm.clearedAt ?? alarm.at });
    });
    // A failing store already has an alarm and raises no other.
    told.catch(onError);
  }

  #keepMoment(alarm: Omit<Alarm, 'at'>): void {
    const { store, clock, onError } = this.#ports;
    const minute = Math.floor(clock.now() / MINUTE_MS);
    if (minute !== this.#minute) this.#moments = 0;
    this.#minute = minute;
    this.#moments += 1;
    if (this.#moments > MAX_MOMENTS_PER_MINUTE) return;
    store.saveAlarm(this.#recordOf(alarm, clock.now())).catch(onError);
  }

  #recordOf(alarm: Omit<Alarm, 'at'>, clearedAt: number | null): AlarmRecord {
    const at = clearedAt ?? this.#ports.clock.now();
    const { kind, callId = null, correlationId = null, uccName = null, detail } = alarm;
    const kept = cleanText(detail, MAX_DETAIL_LENGTH);
    const names = { callId, correlationId, uccName };
    return { id: this.#ids.next(at), kind, at, clearedAt, ...names, detail: kept };
  }
}
