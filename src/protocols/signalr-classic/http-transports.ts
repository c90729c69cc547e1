import type { ServerResponse } from 'node:http';
import { replyJson, UNCACHED } from './http.ts';
import type { Transport } from './transport.ts';

/** The ending that both transports over a plain response share. */
abstract class ResponseTransport {
  protected readonly response: ServerResponse;
  readonly #endTimeoutMs: number;

  constructor(response: ServerResponse, endTimeoutMs: number) {
    this.response = response;
    this.#endTimeoutMs = endTimeoutMs;
    // A failed response is closed too, and the connection reacts to that.
    response.on('error', () => {});
  }

  get isClosed(): boolean {
    return this.response.writableEnded || this.response.destroyed || this.response.closed;
  }

  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  onClosed(listener: () => void): void {
    if (this.response.destroyed || this.response.closed) queueMicrotask(listener);
    else this.response.once('close', listener);
  }

  destroy(): void {
    this.response.destroy();
  }

  /** Cuts off a client that does not read to the end and would hold the response for ever. */
  protected destroyUnlessRead(): void {
    const timer = setTimeout(() => this.destroy(), this.#endTimeoutMs);
    timer.unref();
    this.response.once('close', () => clearTimeout(timer));
  }
}

/**
 * Transports/ServerSentEventsTransport.cs: one frame to a `data:` line; the first event says
 * `initialized` and is ignored by clients, but makes proxies pass the head on.
 */
export class EventStreamTransport extends ResponseTransport implements Transport {
  readonly name = 'serverSentEvents';
  readonly isStreaming = true;

  constructor(response: ServerResponse, endTimeoutMs: number) {
    super(response, endTimeoutMs);
    if (this.isClosed) return;
    response.writeHead(200, {
      ...UNCACHED,
      'Content-Type': 'text/event-stream',
      'X-Accel-Buffering': 'no',
    });
    response.write('data: initialized\n\n');
  }

  write(frame: string): void {
    if (!this.isClosed) this.response.write(`data: ${frame}\n\n`);
  }

  end(): void {
    if (this.isClosed) return;
    this.response.end();
    this.destroyUnlessRead();
  }
}

/** Transports/LongPollingTransport.cs: the answer to a request is its only frame. */
export class LongPollTransport extends ResponseTransport implements Transport {
  readonly name = 'longPolling';
  readonly isStreaming = false;

  write(frame: string): void {
    if (this.isClosed) return;
    replyJson(this.response, frame);
    this.destroyUnlessRead();
  }

  /** Does nothing: its only frame has ended it. */
  end(): void {}
}
