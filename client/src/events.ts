import { type HushError, HushRequestError } from './result.ts';
import { addressOf, httpError, readJson, type Transport } from './transport.ts';

/** A committed event, as server-sent events and webhooks carry it. */
export interface RecordingEvent {
  readonly sequence: number;
  readonly type: string;
  readonly uccName: string;
  readonly correlationId: string;
  readonly recordingId: string;
  /** ISO 8601 */
  readonly at: string;
  readonly action: string | null;
  readonly requester: string | null;
  readonly owner: string | null;
  readonly alarm: string | null;
  readonly recordingState: string;
  readonly markingState: string;
  readonly savingState: string;
  readonly gapStartedAt: string | null;
  readonly gapEndedAt: string | null;
}

export interface EventsRequest {
  /** One UCC; by default all that the token may see. */
  readonly ucc?: string;
  /** Replays the events after this sequence number; requires `ucc`. */
  readonly since?: number;
  readonly signal?: AbortSignal;
  /** Called when the stream broke; it reconnects where it ended. */
  readonly onReconnect?: (error: HushError) => void;
}

/** Hush sends a keep-alive every 15 s: a stream silent for longer is dead. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

/**
 * Yields events endlessly, from now on or from `since`: no gap and no duplicate, however often the
 * connection breaks. Ends with the signal.
 * @throws HushRequestError if Hush refuses, and would again
 */
export async function* events(
  transport: Transport,
  request: EventsRequest = {},
): AsyncGenerator<RecordingEvent> {
  const { ucc, since, signal, onReconnect } = request;
  const address = addressOf('/api/events', { query: { ucc, since } });
  let lastEventId = '';
  for (let failures = 0; !signal?.aborted; ) {
    const stream = await open(transport, address, { lastEventId, signal });
    if ('body' in stream) {
      for await (const { id, data } of parts(stream.body, signal)) {
        failures = 0;
        lastEventId = id === '' ? lastEventId : id;
        if (data !== '') yield JSON.parse(data) as RecordingEvent;
      }
    } else if (!stream.error.retryable) throw new HushRequestError(stream.error);
    if (signal?.aborted) return;
    failures += 1;
    onReconnect?.('error' in stream ? stream.error : broken);
    await wait(Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)), signal);
  }
}

const broken: HushError = { kind: 'network', message: 'the stream broke', retryable: true };

async function open(
  transport: Transport,
  address: string,
  { lastEventId, signal }: { lastEventId: string; signal: AbortSignal | undefined },
): Promise<{ body: ReadableStream<Uint8Array> } | { error: HushError }> {
  const headers: Record<string, string> =
    lastEventId === '' ? {} : { 'Last-Event-ID': lastEventId };
  const answered = await transport.send('GET', address, { headers, signal });
  if (!answered.ok) return answered;
  const { value: response } = answered;
  if (!response.ok) return { error: httpError(response, await readJson(response)) };
  return response.body ? { body: response.body } : { error: broken };
}

interface Part {
  readonly id: string;
  readonly data: string;
}

/** Yields the stream's parts (WHATWG HTML 9.2.6) until it ends, breaks or falls silent. */
async function* parts(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Part> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', cancel);
  let text = '';
  try {
    for (;;) {
      const silence = setTimeout(cancel, SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const whole = text.split('\n\n');
      text = whole.pop() ?? '';
      for (const part of whole) yield parsePart(part);
    }
  } catch {
    // The stream broke: the next one delivers the missing events.
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}

function parsePart(text: string): Part {
  const fields = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  const field = (name: string): string =>
    fields
      .filter((match) => match?.[1] === name)
      .map((match) => match?.[2] ?? '')
      .join('\n');
  return { id: field('id'), data: field('data') };
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
