import type { TransportName } from './types.ts';

/** The wire a connection is heard on for the time being; a connection outlives many. */
export interface Transport {
  readonly name: TransportName;
  /** A poll is spent with its first frame, a stream takes any number. */
  readonly isStreaming: boolean;
  readonly isClosed: boolean;
  /** Written, but not yet taken by the network. */
  readonly bufferedBytes: number;
  /** `listener` is called once, when the wire is gone, whoever ended it. */
  onClosed(listener: () => void): void;
  write(frame: string): void;
  /** Ends it after what was written; a client that does not read that is cut off. */
  end(): void;
  /** Cuts it off. */
  destroy(): void;
}
