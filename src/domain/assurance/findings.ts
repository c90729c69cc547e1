export interface AssuranceLimits {
  /** Time after which a stream's first audio is overdue. */
  readonly mediaStartMs: number;
  /** A steady stream that is quiet this long has stopped. */
  readonly mediaSilentMs: number;
}

import type { AlarmKind } from '../model/alarm.ts';
import type { PacketCounts } from '../model/track.ts';

/** State derived from the readings of one stream. */
export interface WatchedStream {
  readAtMs: number;
  /** True when audio is to be kept and the client does not hold. */
  expects: boolean;
  expectedMs: number;
  /** Time since anything was heard, while audio was expected. */
  quietMs: number;
  /** Time that it has sent without a pause. */
  steadyMs: number;
  /** Valid packets, audio or not. */
  heard: number;
  /** Kept apart because a replaced media thread counts anew. */
  heardEver: boolean;
  /** True when it sends nothing while nobody speaks, so that quiet is no sign of a fault. */
  suppresses: boolean;
  /** Time when SRTP last failed for half of the packets. */
  refusedAtMs: number | null;
  /** Time when packets of another source than the client's last came. */
  foreignAtMs: number | null;
  jitterMs: number;
  packets: PacketCounts;
}

export interface Finding {
  readonly kind: AlarmKind;
  /** Undefined: the condition does not hold. */
  readonly detail: string | undefined;
}

const STEADY_MS = 10_000;
const REFUSED_HOLD_MS = 10_000;
/** Fewer packets make a share meaningless. */
const MIN_PACKETS = 500;
const MAX_LOSS_SHARE = 0.05;

/** Returns, for each condition, whether a call's media shows it now. */
export function findingsOf(
  streams: readonly WatchedStream[],
  { mediaStartMs, mediaSilentMs }: AssuranceLimits,
): Finding[] {
  const overdue = streams.filter(
    ({ heardEver, expectedMs }) => !heardEver && expectedMs >= mediaStartMs,
  );
  const anyHeard = streams.some(({ heardEver }) => heardEver);
  const steadyMs = Math.min(STEADY_MS, mediaSilentMs);
  const stopped = streams.filter(
    (stream) =>
      stream.expects &&
      !stream.suppresses &&
      stream.steadyMs >= steadyMs &&
      stream.quietMs >= mediaSilentMs,
  );
  const refused = streams.filter(
    ({ refusedAtMs, readAtMs }) => refusedAtMs !== null && readAtMs - refusedAtMs < REFUSED_HOLD_MS,
  );
  const foreign = streams.filter(
    ({ foreignAtMs, readAtMs }) => foreignAtMs !== null && readAtMs - foreignAtMs < REFUSED_HOLD_MS,
  );
  const lossy = streams.filter(({ packets: { received, lost } }) => {
    return received + lost >= MIN_PACKETS && lost / (received + lost) > MAX_LOSS_SHARE;
  });
  const none = !anyHeard && overdue.length > 0;
  const some = anyHeard && overdue.length > 0;
  return [
    finding('mediaMissing', none, 'no stream of the call has sent anything'),
    finding('mediaOneSided', some, `${overdue.length} of ${streams.length} streams sent nothing`),
    finding('mediaStopped', stopped.length > 0, `${stopped.length} steady streams stopped`),
    finding('mediaUnauthenticated', refused.length > 0, 'SRTP packets do not pass their check'),
    finding('mediaForeign', foreign.length > 0, 'packets of another source than the client’s come'),
    finding('mediaLossy', lossy.length > 0, 'more than 5 % of the packets of a stream are lost'),
  ];
}

function finding(kind: AlarmKind, isSo: boolean, detail: string): Finding {
  return { kind, detail: isSo ? detail : undefined };
}
