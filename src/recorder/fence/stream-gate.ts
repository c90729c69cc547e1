import type { GapReason } from '../../domain/model/gap.ts';
import { type ClosingReason, Gate, type GateTable, gateOf, orderOf } from './gate-table.ts';
import { type Marker, MarkerAction } from './marker.ts';

/**
 * The fate of a frame that is read now: `keep` it; hold it `aside` until the next marker tells on
 * which side of a command it lies; `doubt`: an order was missed, so shut and erase; `drop` it.
 */
export type Verdict = 'keep' | 'aside' | 'doubt' | 'drop';

/**
 * The transition that a marker asks for. `reopenFromDoubt`: the order to shut before this order to
 * open was never read, so whatever may lie between the two is erased first.
 */
export type Transition = 'none' | 'shut' | 'reopen' | 'reopenFromDoubt' | 'hold' | 'release';

/**
 * One stream's side of the fence (docs/decisions/0002): which order of its call's gate the stream
 * has followed, and who else keeps it from recording.
 *
 *                     the gate's newest order, compared with the one that was followed
 *                     same          newer: closing      newer: open or shut
 *             open    keep          aside               doubt
 *             shut    drop          drop                drop
 *
 *       +------+ ---- Shut: what is aside came before it, and is kept ----> +------+
 *       | open | ---- doubt: what is aside, and in reach, is erased ------> | shut |
 *       +------+ <--- Open: keeps what was sent after it was asked for ---- +------+
 *
 * An Open that is read while open passes through doubt: the Shut between was not read. A marker
 * counts only once, and only with the gate's newest order. In either state the client's hold and a
 * time without commands (`attended`) keep the stream from recording, each independently.
 */
export class StreamGate {
  readonly #gates: GateTable;
  readonly #slot: number;
  #state: 'open' | 'shut';
  #order: number;
  #held: boolean;
  #attended = true;

  /** @param held the client holds the stream from its beginning */
  constructor(gates: GateTable, slot: number, held: boolean) {
    this.#gates = gates;
    this.#slot = slot;
    const word = gates.word(slot);
    this.#order = orderOf(word);
    this.#state = gateOf(word) === Gate.Open ? 'open' : 'shut';
    this.#held = held;
  }

  /** The fate of audio that is read now. */
  verdict(): Verdict {
    if (this.#state === 'shut' || this.#held || !this.#attended) return 'drop';
    const word = this.#gates.word(this.#slot);
    const gate = gateOf(word);
    if (orderOf(word) === this.#order) return gate === Gate.Open ? 'keep' : 'drop';
    return gate === Gate.Closing ? 'aside' : 'doubt';
  }

  get isShut(): boolean {
    return this.#state === 'shut';
  }

  /** False while an order is under way that may erase what is held back. */
  get isSettled(): boolean {
    return this.#state === 'shut' || this.#gates.order(this.#slot) === this.#order;
  }

  /** True when an order to open or shut was given that the stream has not followed. */
  get isBehind(): boolean {
    const word = this.#gates.word(this.#slot);
    return orderOf(word) !== this.#order && gateOf(word) !== Gate.Closing;
  }

  /** Why nothing is recorded; null while the stream records, or its call has ended. */
  get reason(): GapReason | null {
    if (this.#state === 'shut') {
      const reason = this.closingReason;
      return reason === 'end' ? null : reason;
    }
    if (!this.#attended) return 'unattended';
    return this.#held ? 'hold' : null;
  }

  /** The reason for which the call's gate was last shut. */
  get closingReason(): ClosingReason {
    return this.#gates.reason(this.#slot);
  }

  /** The transition that the marker asks for; `followed` or `shutInDoubt` carries it out. */
  transitionOf({ action, order }: Marker): Transition {
    if (order === 0) return this.#ownTransition(action);
    const word = this.#gates.word(this.#slot);
    const isOpen = gateOf(word) === Gate.Open;
    // Another order has followed this one since, or it was read before.
    if (order !== orderOf(word) || order === this.#order) return 'none';
    if ((action === MarkerAction.Open) !== isOpen) return 'none';
    if (!isOpen) return 'shut';
    return this.#state === 'open' ? 'reopenFromDoubt' : 'reopen';
  }

  #ownTransition(action: MarkerAction): Transition {
    if (action === MarkerAction.Hold) return 'hold';
    return action === MarkerAction.Release && this.#held ? 'release' : 'none';
  }

  /** The stream has carried out the transition of that marker. */
  followed(transition: Transition, { order }: Marker): void {
    if (transition === 'hold' || transition === 'release') this.#held = transition === 'hold';
    else if (transition !== 'none') {
      this.#state = transition === 'shut' ? 'shut' : 'open';
      this.#order = order;
    }
  }

  /** An order was missed. The next marker of the newest order leads out of this. */
  shutInDoubt(): void {
    this.#state = 'shut';
  }

  /** @param attended false: no Pause could reach the stream */
  attend(attended: boolean): void {
    this.#attended = attended;
  }
}
