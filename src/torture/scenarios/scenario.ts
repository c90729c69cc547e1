import type { SipPeer } from '../../protocols/sip/message/types.ts';
import type { SimulatedCodec } from '../../simulator/stream-format.ts';
import type { Impairment } from '../impairments.ts';
import type { PathShape } from '../path.ts';
import type { RecorderProcess } from '../recorder-process.ts';
import type { TortureTarget } from '../target.ts';
import type { TortureCall } from '../torture-call.ts';

/** UCCs of the recorder besides the recorded one; all have the requester as an agent. */
export interface OtherUccs {
  /** Has the settings of the first one. */
  readonly other: string | undefined;
  /** Its recordings are not saved by default. */
  readonly forgetful: string | undefined;
  /** Erases `lookbackMs` of audio before a Pause. */
  readonly lookback: { readonly uccName: string; readonly lookbackMs: number } | undefined;
}

/** The kit's access to a recorder. */
export interface Subject {
  readonly recorder: RecorderProcess;
  readonly uccs: OtherUccs;
  /** True if pauses of an owner's own can be taken, as in Hush. */
  readonly hasLeases: boolean;
}

/** Events of a call around each of its pauses. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly impairment?: (random: () => number) => Impairment;
  /** The network of one party, 0 or 1. */
  readonly path?: (random: () => number, party: number) => PathShape | undefined;
  /** Longest delay of a paused frame after the Start: the next pause must not hide it. */
  readonly lateMs?: number;
  /** One of them for each call; default PCMU. */
  readonly codecs?: readonly SimulatedCodec[];
  /** Calls go to the UCC that erases audio before a Pause. */
  readonly isLookback?: boolean;
  /** Longer rounds: fewer pauses of more calls. */
  readonly isSlow?: boolean;
  /** Runs before each Pause, while audio is kept. */
  readonly before?: (call: TortureCall) => Promise<void>;
  /** Disturbs one call; it races the Pause, or the Start, or falls inside. */
  readonly disturb?: (call: TortureCall) => Promise<unknown>;
  /** It only makes sense while the call is paused. */
  readonly insideOnly?: boolean;
  /** Runs as the Start is requested. */
  readonly atStart?: (call: TortureCall) => Promise<unknown>;
  /** Replaces rounds of Pause and Start by one whole call, which has no session yet. */
  readonly script?: (call: TortureCall, subject: Subject) => Promise<void>;
  /** Strikes the recorder, and so every call at once. */
  readonly strike?: (recorder: RecorderProcess) => Promise<void>;
  /** Options that the kit must have been given for it. */
  readonly needs?: string;
  readonly isPossible?: (subject: Subject) => boolean;
  /** A strike that costs audio, but must leak none. */
  readonly isOutage?: boolean;
}

export interface TortureOptions extends Subject {
  readonly sip: SipPeer;
  readonly target: TortureTarget;
  readonly scenarios: readonly Scenario[];
  /** Number of calls per scenario; slow ones have more calls with fewer pauses each. */
  readonly calls: number;
  readonly pausesPerCall: number;
  readonly seed: number;
  /** Audio that a crash may cost before it, and a recorder needs after it, in ms. */
  readonly crashWindowMs: number;
  /** Audio that the recorder may leave out after a Start, by sending time. */
  readonly guardMs: number;
  /** Scenarios that run at once, unless they strike the recorder; default 1. */
  readonly parallel?: number;
  onProgress(scenario: string, done: number, total: number): void;
}
