/** Figures between a stream's first and last packet; audio never sent is not counted. */
export interface TrackHealth {
  readonly track: number;
  readonly aor: string | null;
  readonly expectedMs: number;
  readonly keptMs: number;
  /** Left out on purpose: paused, held, stopped, digits, announced silence. */
  readonly absentMs: number;
  readonly lostMs: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** Those of them that reached the host, and were not read in time; absent of older calls. */
  readonly packetsOverflowed?: number;
  /** Share of the sent packets, 0 to 1. */
  readonly lossShare: number;
  /** RFC 3550 section 6.4.1; null where it was not measured. */
  readonly jitterMs: number | null;
  /** Time during which its time line was off by more than 20 ms. */
  readonly clockWrongMs: number;
}

/** Completeness of a call's recording: all audio that was to be kept, some of it, or none. */
export const verdicts = ['complete', 'degraded', 'missing'] as const;
export type Verdict = (typeof verdicts)[number];

/** Reasons of a verdict: stable codes, explained in docs/operate/assurance.md. */
export const assuranceReasons = {
  noMedia: { verdict: 'missing', words: 'The call was to be recorded, and no audio ever came.' },
  nothingKept: { verdict: 'missing', words: 'Audio came and was to be kept, and none is there.' },
  oneSided: { verdict: 'degraded', words: 'Only one party was ever heard.' },
  streamSilent: { verdict: 'degraded', words: 'A stream was offered and never sent a packet.' },
  partyMissing: {
    verdict: 'degraded',
    words: 'Several parties were named, and only one stream that is not mixed was offered.',
  },
  audioLost: { verdict: 'degraded', words: 'More than 1 % of a stream was lost on its way.' },
  interrupted: { verdict: 'degraded', words: 'Audio is missing around a restart of Hush.' },
  audioDamaged: {
    verdict: 'degraded',
    words: 'Audio was kept, and is damaged or not in the files any more.',
  },
  audioMissing: {
    verdict: 'degraded',
    words: 'Files of the recording are gone, or not whole: it is not played until they are back.',
  },
  unattended: {
    verdict: 'degraded',
    words: 'Hush did not answer for a while, and kept nothing that nobody could have paused.',
  },
  clockWrong: {
    verdict: 'degraded',
    words:
      "A stream's clock stood still, fell back or leapt: audio may lie up to a second beside its time.",
  },
  queueOverflowed: {
    verdict: 'degraded',
    words: 'Packets came faster than Hush read them, and the system dropped some.',
  },
  foreignMedia: { verdict: 'degraded', words: 'Packets from another source were refused.' },
  mediaStopped: { verdict: 'degraded', words: 'A steady stream stopped in the middle of a call.' },
  srtpFailed: { verdict: 'degraded', words: 'Encrypted packets did not pass their check.' },
  storageFailed: { verdict: 'degraded', words: 'The disk refused audio of the call.' },
  workerDied: { verdict: 'degraded', words: 'The media thread of the call ended.' },
  sessionLost: { verdict: 'degraded', words: 'A session could not be taken up after a restart.' },
  recorderUnavailable: {
    verdict: 'degraded',
    words: 'The recorder could not record when the call was offered.',
  },
  fenceUnconfirmed: {
    verdict: 'degraded',
    words: 'A Pause or Start was not confirmed by every stream: the call stayed shut.',
  },
  tooShort: {
    verdict: 'complete',
    words: 'The call was over before audio could be expected, and none came.',
  },
  metadataIncomplete: {
    verdict: 'complete',
    words: "Not all of the client's metadata could be read: parties may be missing, audio is not.",
  },
  notAsked: { verdict: 'complete', words: 'Nobody asked for this call to be recorded.' },
} as const satisfies Record<string, { readonly verdict: Verdict; readonly words: string }>;
export type AssuranceReason = keyof typeof assuranceReasons;

export interface CallHealth {
  readonly verdict: Verdict;
  readonly reasons: readonly AssuranceReason[];
  readonly keptMs: number;
  readonly absentMs: number;
  readonly lostMs: number;
  readonly pauses: number;
  readonly tracks: readonly TrackHealth[];
}
