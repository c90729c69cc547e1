import type { Operations } from './api-types.ts';
import { itemsOf } from './calls.ts';
import { orThrow, type Result } from './result.ts';
import { addressOf, type RequestOptions, type Transport } from './transport.ts';

export type RecordingQuery = Operations['GET /api/recordings']['query'];
export type RecordingPage = Operations['GET /api/recordings']['answer'];
export type Recording = RecordingPage['items'][number];
export type RecordingDetail = Operations['GET /api/recordings/{id}']['answer'];
export type RecordingPeaks = Operations['GET /api/recordings/{id}/peaks']['answer'];
export type Sidecar = Operations['GET /api/recordings/{id}/sidecar']['answer'];
export type Erasure = Operations['POST /api/recordings/{id}/erasures']['answer'];
export type ErasureRequest = Operations['POST /api/recordings/{id}/erasures']['body'];
export type AudioFormat = 'wav' | 'opus' | 'flac' | 'vcon';
type Answer<Value> = Promise<Result<Value>>;

export interface AudioRequest {
  readonly format?: AudioFormat;
  /** Bytes of a WAV: from `start` up to, not including, `end`. */
  readonly range?: { readonly start: number; readonly end: number };
  readonly signal?: AbortSignal;
}

/** Recordings of ended calls, and of calls in progress. */
export class RecordingsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Returns a page, which may be short or empty while `nextCursor` announces more. */
  page(query: RecordingQuery = {}, options: RequestOptions = {}): Answer<RecordingPage> {
    return this.#transport.request('GET /api/recordings', { query }, options);
  }

  /**
   * Yields all matches, the newest first; pages are fetched as needed.
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

  /** Answers with the file as its body, which the caller reads. */
  audio(id: string, { format = 'wav', range, signal }: AudioRequest = {}): Answer<Response> {
    const address =
      format === 'vcon'
        ? addressOf('/api/recordings/{id}/vcon', { path: { id } })
        : addressOf('/api/recordings/{id}/audio', { path: { id }, query: { format } });
    const headers = range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {};
    return this.#transport.file(address, { headers, signal });
  }

  /**
   * Returns a URL from which an audio element plays the WAV, in ranges and without a token; it
   * expires 15 minutes after its last use.
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
    // The first request computes them: some seconds per hour of audio.
    return this.#transport.request('GET /api/recordings/{id}/peaks', asked, { timeoutMs: 120_000 });
  }

  sidecar(id: string): Answer<Sidecar> {
    return this.#transport.request('GET /api/recordings/{id}/sidecar', { path: { id } });
  }

  /**
   * Erases for good and returns the receipt; while its state is not `done`, Hush continues by
   * itself.
   */
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

  /** Places a legal hold: nothing destroys the recording while it lasts. */
  async placeLegalHold(id: string, reason: string): Answer<Recording> {
    const asked = { path: { id }, body: { reason } };
    return this.#transport.request('PUT /api/recordings/{id}/legal-hold', asked);
  }

  async releaseLegalHold(id: string, reason: string): Answer<Recording> {
    const asked = { path: { id }, body: { reason } };
    return this.#transport.request('DELETE /api/recordings/{id}/legal-hold', asked);
  }
}
