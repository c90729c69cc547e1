export interface SentFrame {
  readonly index: number;
  /** Unix ms with fraction, just before the packet was given to its socket. */
  readonly sentAtMs: number;
}

/** Instants of one pause, Unix ms with fraction. */
export interface Pause {
  readonly requestedAt: number;
  readonly answeredAt: number;
  readonly startRequestedAt: number;
  readonly startAnsweredAt: number;
}

export interface Verdict {
  /** Sent after the answer to Pause and before the request to Start, and yet recorded. */
  readonly leaked: number[];
  /** Sent outside every pause, and yet not recorded. */
  readonly missing: number[];
  readonly paused: number;
  readonly outside: number;
}

/** Frames on their way while a command is being answered may fall on either side of it. */
export function judge(
  sent: readonly SentFrame[],
  pauses: readonly Pause[],
  recorded: ReadonlyMap<number, unknown>,
): Verdict {
  const inside = sent.filter(({ sentAtMs }) =>
    pauses.some((pause) => sentAtMs > pause.answeredAt && sentAtMs < pause.startRequestedAt),
  );
  const outside = sent.filter(({ sentAtMs }) =>
    pauses.every((pause) => sentAtMs < pause.requestedAt || sentAtMs > pause.startAnsweredAt),
  );
  return {
    leaked: inside.filter(({ index }) => recorded.has(index)).map(({ index }) => index),
    missing: outside.filter(({ index }) => !recorded.has(index)).map(({ index }) => index),
    paused: inside.length,
    outside: outside.length,
  };
}

/** Returns Unix ms with fraction, on the clock that stamps sent frames. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
