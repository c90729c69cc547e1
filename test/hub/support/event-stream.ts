import { Heard } from './listener.ts';

/** The fields of an event of `/api/events` that the tests use. */
export interface StreamedEvent {
  readonly sequence: number;
  readonly type: string;
  readonly uccName: string;
  readonly correlationId: string;
  readonly action: string | null;
}

/** A reader of server-sent events that keeps their ids, and ends when its connection does. */
export class EventStream {
  readonly status: number;
  readonly heard: Heard<StreamedEvent>;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  #lastEventId: string;
  readonly #abort: AbortController;

  private constructor(response: Response, parts: StreamParts) {
    this.status = response.status;
    this.heard = parts.heard;
    this.#abort = parts.abort;
    this.#lastEventId = parts.lastEventId;
    this.ended = this.#read(response).catch(() => undefined);
  }

  static async open(url: string, options: OpenOptions = {}): Promise<EventStream> {
    const { lastEventId = '', heard = new Heard<StreamedEvent>() } = options;
    const abort = new AbortController();
    const headers: Record<string, string> = lastEventId ? { 'Last-Event-ID': lastEventId } : {};
    const response = await fetch(url, { headers, signal: abort.signal });
    return new EventStream(response, { heard, abort, lastEventId });
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** Hangs up. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(response: Response): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(': ');
        return [line.slice(0, colon), line.slice(colon + 2)] as const;
      }),
    );
    this.#lastEventId = fields.get('id') ?? this.#lastEventId;
    const data = fields.get('data');
    if (data !== undefined) this.heard.add(JSON.parse(data) as StreamedEvent);
  }
}

interface OpenOptions {
  readonly lastEventId?: string;
  /** Events collected by an earlier stream. */
  readonly heard?: Heard<StreamedEvent>;
}

interface StreamParts extends Required<OpenOptions> {
  readonly abort: AbortController;
}
