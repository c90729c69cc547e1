/** The destination of one stream's numbered frames. */
export interface PeerStream {
  readonly port: number;
  readonly tag: number;
}

export interface PeerCall {
  readonly id: string;
  readonly streams: readonly PeerStream[];
}

/** Numbers of the frames in the files, by stream tag. */
export type KeptFrames = ReadonlyMap<number, ReadonlySet<number>>;

/** A recorder under the marker test. */
export interface Peer {
  readonly name: string;
  /** Process that is stopped for the stalls. */
  readonly pid: number;
  readonly calls: readonly PeerCall[];
  pause(id: string): Promise<void>;
  start(id: string): Promise<void>;
  /** Ends the calls and reads the recordings. */
  finish(): Promise<KeptFrames>;
  close(): Promise<void>;
}
