import type { CallDetailRecord, StreamReceipt } from '../../domain/model/call-detail.ts';
import type { GapReason, ReasonChange } from '../../domain/model/gap.ts';
import { StateAction } from '../../domain/model/recording-state.ts';
import type { TrackRecord } from '../../domain/model/track.ts';

/** What a call's receipts tell of one track, in units of its clock. */
export interface TrackReceipts {
  /** Where each command took effect, in their order; a Start leads to `loss`. */
  readonly commands: readonly ReasonChange[];
  /** A Pause was answered: up to here audio was kept. Rising. */
  readonly keptUpTo: readonly number[];
}

/** A command that asked the track's gate, and what it was answered. */
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
    // After a look-back only the position is known, and may lie in a silence.
    const isProof = reasonOf(detail) !== 'loss' && lastSequence !== null;
    return isProof && lastPosition !== null ? [lastPosition] : [];
  });
  return {
    commands: inOrder(answered.flatMap((one) => changeOf(one, track) ?? [])),
    keptUpTo: proofs.sort((a, b) => a - b),
  };
}

/** Why nothing is kept from then on; `loss`: it should be. Undefined of what asks no gate. */
function reasonOf({ action, detail }: CallDetailRecord): GapReason | undefined {
  if (action === StateAction.Start) return 'loss';
  if (action === StateAction.Stop) return 'stop';
  if (action !== StateAction.Pause) return undefined;
  return detail.startsWith('Lease') ? 'lease' : 'api';
}

interface Change extends ReasonChange {
  readonly isExact: boolean;
}

/** A Pause took effect behind the last frame that it kept; of other commands their time tells. */
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

/** The clock on the wall may have been set: what it tells stays between what is known. */
function inOrder(changes: readonly Change[]): ReasonChange[] {
  let least = -Infinity;
  return changes.map(({ position, reason, isExact }, index) => {
    const most = changes.slice(index).find((one) => one.isExact)?.position ?? Infinity;
    const placed = isExact ? position : Math.min(position, most);
    least = Math.max(least, placed);
    return { position: least, reason };
  });
}
