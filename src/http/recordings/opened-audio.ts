/** A finished recording, opened for playing. */
export interface OpenedAudio {
  readonly wavBytes: number;
  /** Names the content; another content has another one. */
  readonly version: string;
  /** True where content differs from what was sealed, and its gap map does not say so yet. */
  readonly isDamaged: boolean;
  /** Aborted once the recording was erased: what was read by then is to be heard by nobody. */
  readonly erased: AbortSignal;
  wav(start: number, end: number): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Left and right: of each point the lowest and the highest sample, -128 to 127. */
export interface RecordingPeaks {
  readonly pointsPerSecond: number;
  readonly channels: readonly { readonly min: Int8Array; readonly max: Int8Array }[];
}
