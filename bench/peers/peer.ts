/** Where one stream's numbered frames are to be sent. */
export interface PeerStream {
  readonly port: number;
  readonly tag: number;
}

export interface PeerCall {
  readonly id: string;
  readonly streams: readonly PeerStream[];
}

/** By stream tag, the numbers of the frames that its files hold. */
export type KeptFrames = ReadonlyMap<number, ReadonlySet<number>>;

/** A recorder that the same marker test is run against. */
export interface Peer {
  readonly name: string;
  /** Stands still for the stalls. */
  readonly pid: number;
  readonly calls: readonly PeerCall[];
  pause(id: string): Promise<void>;
  start(id: string): Promise<void>;
  /** Ends the calls and reads what was recorded. */
  finish(): Promise<KeptFrames>;
  close(): Promise<void>;
}
