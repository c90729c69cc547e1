import type { SipPeer } from '../../protocols/sip/message/types.ts';
import type { SimulatedCodec } from '../../simulator/stream-format.ts';
import type { Impairment } from '../impairments.ts';
import type { PathShape } from '../path.ts';
import type { RecorderProcess } from '../recorder-process.ts';
import type { TortureTarget } from '../target.ts';
import type { TortureCall } from '../torture-call.ts';

/** UCCs of the recorder besides the one that is recorded; all have the requester as an agent. */
export interface OtherUccs {
  /** With the settings of the first one. */
  readonly other: string | undefined;
  /** Its recordings are not saved by default. */
  readonly forgetful: string | undefined;
  /** It erases `lookbackMs` of what came before a Pause. */
  readonly lookback: { readonly uccName: string; readonly lookbackMs: number } | undefined;
}

/** What the kit was given of a recorder. */
export interface Subject {
  readonly recorder: RecorderProcess;
  readonly uccs: OtherUccs;
  /** Whether pauses of an owner's own can be taken, as in Hush. */
  readonly hasLeases: boolean;
}

/** What happens to a call around each of its pauses. */
export interface Scenario {
  readonly name: string;
  readonly what: string;
  readonly impairment?: (random: () => number) => Impairment;
  /** The network of one party, 0 or 1. */
  readonly path?: (random: () => number, party: number) => PathShape | undefined;
  /** How late a paused frame may come after the Start: the next pause must not hide it. */
  readonly lateMs?: number;
  /** One of them for each call; default PCMU. */
  readonly codecs?: readonly SimulatedCodec[];
  /** Calls go to the UCC that erases what came before a Pause. */
  readonly isLookback?: boolean;
  /** Longer rounds: fewer pauses of more calls. */
  readonly isSlow?: boolean;
  /** Runs before each Pause, while audio is kept. */
  readonly before?: (call: TortureCall) => Promise<void>;
  /** Of one call; it races the Pause, or the Start, or falls inside. */
  readonly disturb?: (call: TortureCall) => Promise<unknown>;
  /** It only makes sense while the call is paused. */
  readonly insideOnly?: boolean;
  /** As the Start is requested. */
  readonly atStart?: (call: TortureCall) => Promise<unknown>;
  /** Instead of rounds of Pause and Start: one whole call, that has no session yet. */
  readonly script?: (call: TortureCall, subject: Subject) => Promise<void>;
  /** Of the recorder, and so of every call at once. */
  readonly strike?: (recorder: RecorderProcess) => Promise<void>;
  /** What the kit must have been given for it. */
  readonly needs?: string;
  readonly isPossible?: (subject: Subject) => boolean;
  /** A strike that costs audio, but must leak none. */
  readonly isOutage?: boolean;
}

export interface TortureOptions extends Subject {
  readonly sip: SipPeer;
  readonly target: TortureTarget;
  readonly scenarios: readonly Scenario[];
  /** Of each scenario; slow ones have more calls with fewer pauses each. */
  readonly calls: number;
  readonly pausesPerCall: number;
  readonly seed: number;
  /** Audio that a crash may cost before it, and a recorder needs after it, in ms. */
  readonly crashWindowMs: number;
  /** What the recorder may leave out after a Start, by sending time. */
  readonly guardMs: number;
  /** Scenarios that run at once, where they do not strike the recorder; default 1. */
  readonly parallel?: number;
  onProgress(scenario: string, done: number, total: number): void;
}
