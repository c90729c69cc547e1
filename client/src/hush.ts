import type { Operations } from './api-types.ts';
import { ArchiveClient } from './archive.ts';
import { CallHandle, CallsClient } from './calls.ts';
import { ContractClient } from './contract.ts';
import { type EventsRequest, events, type RecordingEvent } from './events.ts';
import { hubEvents, type RecordingStateChanged, type SignalR } from './hub.ts';
import { RecordingsClient } from './recordings.ts';
import type { Result } from './result.ts';
import { type Asked, type HushOptions, type RequestOptions, Transport } from './transport.ts';
import { UccsClient } from './uccs.ts';

/** A client of one Hush. */
export class Hush {
  /** The Core REST Recording API, which other recorders speak too. */
  readonly contract: ContractClient;
  readonly calls: CallsClient;
  readonly recordings: RecordingsClient;
  readonly uccs: UccsClient;
  readonly archive: ArchiveClient;
  readonly #transport: Transport;

  constructor(options: HushOptions) {
    this.#transport = new Transport(options);
    this.contract = new ContractClient(this.#transport);
    this.calls = new CallsClient(this.#transport);
    this.recordings = new RecordingsClient(this.#transport);
    this.uccs = new UccsClient(this.#transport);
    this.archive = new ArchiveClient(this.#transport);
  }

  /** Returns a call by its id or its correlation id, in any spelling. */
  call(id: string): CallHandle {
    return new CallHandle(this.#transport, id);
  }

  /** Yields events over server-sent events: no gap, no duplicate. */
  events(request: EventsRequest = {}): AsyncGenerator<RecordingEvent> {
    return events(this.#transport, request);
  }

  /**
   * Delivers the contract's events over `@microsoft/signalr`; resolves with a function that
   * disconnects.
   */
  hubEvents(
    signalR: SignalR,
    listener: (event: RecordingStateChanged) => void,
  ): Promise<() => Promise<void>> {
    return hubEvents(this.#transport, signalR, listener);
  }

  /** Requests any other operation: `request('GET /api/alarms', { query: { open: true } })`. */
  request<Name extends keyof Operations>(
    operation: Name,
    asked: Asked<Name>,
    options: RequestOptions = {},
  ): Promise<Result<Operations[Name]['answer']>> {
    return this.#transport.request(operation, asked, options);
  }
}

export function createHush(options: HushOptions): Hush {
  return new Hush(options);
}
