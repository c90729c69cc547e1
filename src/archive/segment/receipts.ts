import type { CallDetailRecord, StreamReceipt } from '../../domain/model/call-detail.ts';
import type { GapReason, ReasonChange } from '../../domain/model/gap.ts';
import { StateAction } from '../../domain/model/recording-state.ts';
import type { TrackRecord } from '../../domain/model/track.ts';

/** A call's receipts for one track, in units of its clock. */
export interface TrackReceipts {
  /** Positions at which commands took effect, in order; a Start leads to `loss`. */
  readonly commands: readonly ReasonChange[];
  /** Ends of audio that was kept, as answers to Pause prove; rising. */
  readonly keptUpTo: readonly number[];
}

/** A command that reached the track's gate, and the answer. */
interface Answered {
  readonly detail: CallDetailRecord;
  readonly receipt: StreamReceipt;
}

export function receiptsOf(
  details: readonly CallDetailRecord[],
  track: Pick<TrackRecord, 'track' | 'clockOrigin' | 'clockRate'>,
): TrackReceipts {
  const answered = details.flatMap((detail): Answered[] => {
    const receipt = detail.streams.find((stream) => stream.track === track.track);
    return receipt && reasonOf(detail) ? [{ detail, receipt }] : [];
  });
  const proofs = answered.flatMap(({ detail, receipt: { lastSequence, lastPosition } }) => {
    // After a look-back only the position is known, and it may lie in silence.
    const isProof = reasonOf(detail) !== 'loss' && lastSequence !== null;
    return isProof && lastPosition !== null ? [lastPosition] : [];
  });
  return {
    commands: inOrder(answered.flatMap((one) => changeOf(one, track) ?? [])),
    keptUpTo: proofs.sort((a, b) => a - b),
  };
}

/**
 * Returns why nothing is kept after the command; `loss` if audio should be. Undefined for a command
 * that changes no gate.
 */
function reasonOf({ action, detail }: CallDetailRecord): GapReason | undefined {
  if (action === StateAction.Start) return 'loss';
  if (action === StateAction.Stop) return 'stop';
  if (action !== StateAction.Pause) return undefined;
  return detail.startsWith('Lease') ? 'lease' : 'api';
}

interface Change extends ReasonChange {
  readonly isExact: boolean;
}

/** Places a command: a Pause takes effect after the last frame it kept, others at their time. */
function changeOf(
  { detail, receipt: { lastPosition } }: Answered,
  { clockOrigin, clockRate }: Pick<TrackRecord, 'clockOrigin' | 'clockRate'>,
): Change | undefined {
  const reason = reasonOf(detail);
  if (!reason) return undefined;
  if (reason !== 'loss' && lastPosition !== null) {
    return { position: lastPosition, reason, isExact: true };
  }
  if (clockOrigin === null) return undefined;
  const position = Math.round(((detail.effectiveAt - clockOrigin.at) * clockRate) / 1000);
  return { position, reason, isExact: false };
}

/** The wall clock may have been set: estimated positions stay between exact ones. */
function inOrder(changes: readonly Change[]): ReasonChange[] {
  let least = -Infinity;
  return changes.map(({ position, reason, isExact }, index) => {
    const most = changes.slice(index).find((one) => one.isExact)?.position ?? Infinity;
    const placed = isExact ? position : Math.min(position, most);
    least = Math.max(least, placed);
    return { position: least, reason };
  });
}
