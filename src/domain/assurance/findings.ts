export interface AssuranceLimits {
  /** From then on audio of a stream is overdue. */
  readonly mediaStartMs: number;
  /** A steady stream that is quiet this long has stopped. */
  readonly mediaSilentMs: number;
}

import type { AlarmKind } from '../model/alarm.ts';
import type { PacketCounts } from '../model/track.ts';

/** What the readings of one stream come to. */
export interface WatchedStream {
  readAtMs: number;
  /** Audio is to be kept and the client does not hold. */
  expects: boolean;
  expectedMs: number;
  /** Since anything was heard, while audio was expected. */
  quietMs: number;
  /** How long it sent without a pause. */
  steadyMs: number;
  /** Packets that were what they should be, audio or not. */
  heard: number;
  /** A media thread that was replaced counts anew. */
  heardEver: boolean;
  /** It sends nothing while nobody speaks: quiet says nothing. */
  suppresses: boolean;
  /** When SRTP last failed for half of what came. */
  refusedAtMs: number | null;
  /** When packets of another source than the client's last came. */
  foreignAtMs: number | null;
  jitterMs: number;
  packets: Pick<PacketCounts, 'received' | 'lost' | 'unauthenticated' | 'foreign'>;
}

export interface Finding {
  readonly kind: AlarmKind;
  /** Undefined: it is not so. */
  readonly detail: string | undefined;
}

const STEADY_MS = 10_000;
const REFUSED_HOLD_MS = 10_000;
/** Of fewer packets a share says little. */
const MIN_PACKETS = 500;
const MAX_LOSS_SHARE = 0.05;

/** What is wrong with a call's media now, and what is not. */
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
