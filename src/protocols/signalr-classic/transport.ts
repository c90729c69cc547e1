import type { TransportName } from './types.ts';

/** The current transport of a connection; a connection outlives many. */
export interface Transport {
  readonly name: TransportName;
  /** False for a poll, which ends with its first frame; a stream takes any number. */
  readonly isStreaming: boolean;
  readonly isClosed: boolean;
  /** Written, but not yet taken by the network. */
  readonly bufferedBytes: number;
  /** Calls `listener` once, when the transport has ended, on either side's initiative. */
  onClosed(listener: () => void): void;
  write(frame: string): void;
  /** Ends it after the written output; a client that does not read that is cut off. */
  end(): void;
  /** Cuts it off. */
  destroy(): void;
}
