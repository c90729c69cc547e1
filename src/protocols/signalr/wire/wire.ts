import type { Batch } from './batch.ts';

/** Names as negotiation has them. */
export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** How a connection's bytes reach its client: a socket, an event stream, or polls. */
export interface Wire {
  readonly transport: TransportName;
  /** Carries bytes, or text only (server-sent events). */
  readonly carriesBinary: boolean;
  /** Sends pings of its own accord: neither keep-alive nor client timeout apply (long polling). */
  readonly inherentKeepAlive: boolean;
  /** Handed over by us, not yet by the operating system. */
  readonly pendingBytes: number;
  /** WebSocket frames are binary from now on; set when the handshake chose the protocol. */
  binary: boolean;
  listen(listener: WireListener): void;
  write(batch: Batch): void;
  /** After what was written. */
  close(): void;
  /** At once. */
  destroy(): void;
  /** Stops and goes on reading, where reading is the wire's. */
  pause(): void;
  resume(): void;
}

export interface WireListener {
  onChunk(chunk: Buffer, isText: boolean): void;
  /** `pendingBytes` fell. */
  onDrain(): void;
  /** Once, whoever closed it; `error` unless the client closed it properly. */
  onLost(error?: Error): void;
}
