import type {
  Erasure,
  ErasureRequest,
  Operations,
  Recording,
  RecordingDetail,
  RecordingPage,
  RecordingPeaks,
  Sidecar,
} from './api-types.ts';
import { itemsOf } from './calls.ts';
import { orThrow, type Result } from './result.ts';
import { addressOf, type RequestOptions, type Transport } from './transport.ts';

export type RecordingQuery = Operations['GET /api/recordings']['query'];
export type AudioFormat = 'wav' | 'opus' | 'flac' | 'vcon';
type Answer<Value> = Promise<Result<Value>>;

export interface AudioRequest {
  readonly format?: AudioFormat;
  /** Of WAV: bytes from, and up to, not including. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly signal?: AbortSignal;
}

/** Recordings of calls that have ended, and of those that go on. */
export class RecordingsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A page: it may be short, or empty, while `nextCursor` says that there are more. */
  page(query: RecordingQuery = {}, options: RequestOptions = {}): Answer<RecordingPage> {
    return this.#transport.request('GET /api/recordings', { query }, options);
  }

  /**
   * All that match, the newest first, page by page as they are taken.
   * @throws HushRequestError
   */
  async *list(query: RecordingQuery = {}, signal?: AbortSignal): AsyncGenerator<Recording> {
    let cursor: string | null | undefined = query.cursor;
    do {
      const asked: RecordingQuery = cursor === undefined ? query : { ...query, cursor };
      const page: RecordingPage = orThrow(await this.page(asked, { signal }));
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  get(id: string): Answer<RecordingDetail> {
    return this.#transport.request('GET /api/recordings/{id}', { path: { id } });
  }

  /** The answer whose body is the file; the caller reads it. */
  audio(id: string, { format = 'wav', range, signal }: AudioRequest = {}): Answer<Response> {
    const address =
      format === 'vcon'
        ? addressOf('/api/recordings/{id}/vcon', { path: { id } })
        : addressOf('/api/recordings/{id}/audio', { path: { id }, query: { format } });
    const headers = range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {};
    return this.#transport.file(address, { headers, signal });
  }

  /**
   * Where an audio element plays the WAV from, in ranges and without a token; for 15 minutes after
   * it was used last.
   */
  async audioUrl(id: string): Answer<string> {
    const operation = 'POST /api/recordings/{id}/audio-tickets';
    const answered = await this.#transport.request(operation, { path: { id } });
    if (!answered.ok) return answered;
    return { ok: true, value: this.#transport.url + answered.value.url };
  }

  peaks(id: string, points?: number): Answer<RecordingPeaks> {
    const query = points === undefined ? {} : { points };
    const asked = { path: { id }, query };
    // The first time they are made: an hour of audio takes some seconds.
    return this.#transport.request('GET /api/recordings/{id}/peaks', asked, { timeoutMs: 120_000 });
  }

  sidecar(id: string): Answer<Sidecar> {
    return this.#transport.request('GET /api/recordings/{id}/sidecar', { path: { id } });
  }

  /** For good. The receipt; where its state is not `done`, Hush goes on by itself. */
  erase(id: string, body: ErasureRequest): Answer<Erasure> {
    const asked = { path: { id }, body };
    const options = { timeoutMs: 120_000 };
    return this.#transport.request('POST /api/recordings/{id}/erasures', asked, options);
  }

  async erasures(id: string): Answer<readonly Erasure[]> {
    return itemsOf(
      await this.#transport.request('GET /api/recordings/{id}/erasures', { path: { id } }),
    );
  }

  /** While it lies on the recording nothing destroys it. */
  async placeLegalHold(id: string, reason: string): Answer<Recording> {
    const asked = { path: { id }, body: { reason } };
    return this.#transport.request('PUT /api/recordings/{id}/legal-hold', asked);
  }

  async releaseLegalHold(id: string, reason: string): Answer<Recording> {
    const asked = { path: { id }, body: { reason } };
    return this.#transport.request('DELETE /api/recordings/{id}/legal-hold', asked);
  }
}
