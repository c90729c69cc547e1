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

/** One Hush, as its callers see it. */
export class Hush {
  /** The Core REST Recording API, as every recorder behind it speaks it. */
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

  /** A call by its id or its correlation id, in whatever spelling. */
  call(id: string): CallHandle {
    return new CallHandle(this.#transport, id);
  }

  /** Events by server-sent events: no gap, no duplicate. */
  events(request: EventsRequest = {}): AsyncGenerator<RecordingEvent> {
    return events(this.#transport, request);
  }

  /** The contract's events through `@microsoft/signalr`; resolves with what ends it. */
  hubEvents(
    signalR: SignalR,
    listener: (event: RecordingStateChanged) => void,
  ): Promise<() => Promise<void>> {
    return hubEvents(this.#transport, signalR, listener);
  }

  /** Any other operation of the API: `request('GET /api/alarms', { query: { open: true } })`. */
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
