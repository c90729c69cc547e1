import type { Batch } from './batch.ts';

/** Names as used in negotiation. */
export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** A path for a connection's bytes to its client: a socket, an event stream, or polls. */
export interface Wire {
  readonly transport: TransportName;
  /** Carries bytes, or text only (server-sent events). */
  readonly carriesBinary: boolean;
  /** True if it sends pings by itself: no keep-alive, no client timeout (long polling). */
  readonly inherentKeepAlive: boolean;
  /** Bytes handed over by us, not yet by the operating system. */
  readonly pendingBytes: number;
  /** True when WebSocket frames are binary; set when the handshake chose the protocol. */
  binary: boolean;
  listen(listener: WireListener): void;
  write(batch: Batch): void;
  /** Closes after the written output. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /** Pauses and resumes reading, where reading is up to the wire. */
  pause(): void;
  resume(): void;
}

export interface WireListener {
  onChunk(chunk: Buffer, isText: boolean): void;
  /** Called when `pendingBytes` fell. */
  onDrain(): void;
  /** Called once, on either side's close; `error` is set unless the client closed it properly. */
  onLost(error?: Error): void;
}
