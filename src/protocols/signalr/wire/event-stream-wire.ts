import type { ServerResponse } from 'node:http';
import type { Batch } from './batch.ts';
import type { Wire, WireListener } from './wire.ts';

/**
 * Transport protocol specification, section "Server-Sent Events". Half a transport: the client's
 * messages come in POSTs.
 */
export class EventStreamWire implements Wire {
  readonly transport = 'ServerSentEvents';
  readonly carriesBinary = false;
  readonly inherentKeepAlive = false;
  binary = false;
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get pendingBytes(): number {
    return this.#response.writableLength;
  }

  listen(listener: WireListener): void {
    // A client that left while it was admitted needs its report here.
    if (this.#response.destroyed) queueMicrotask(() => listener.onLost());
    else this.#response.once('close', () => listener.onLost());
    this.#response.on('drain', () => listener.onDrain());
    this.#response.on('error', () => {});
    this.#response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache,no-store',
      Pragma: 'no-cache',
      'Content-Encoding': 'identity',
      'X-Accel-Buffering': 'no',
    });
    // A first comment makes proxies and browsers see that the stream has begun.
    this.#response.write(':\r\n');
  }

  write(batch: Batch): void {
    this.#response.write(batch.event);
  }

  close(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  // Does nothing: each POST is answered when the client may send the next one.
  pause(): void {}
  resume(): void {}
}
