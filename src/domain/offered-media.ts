import type { Call, CallStream } from './call.ts';
import type { OpenedStream, StreamSpec, TrackSummary } from './ports.ts';
import type {
  ClockOrigin,
  Codec,
  Party,
  SessionRecord,
  SessionStreamRecord,
  TrackRecord,
} from './records.ts';
import { isAgent, type Ucc } from './ucc.ts';

/** One audio stream as a recording session offers it. */
export interface OfferedStream {
  readonly label: string;
  readonly aor: string | null;
  readonly codec: Codec;
  readonly clockRate: number;
  readonly payloadType: number;
  readonly dtmfPayloadType: number | null;
  readonly held: boolean;
}

export interface SessionOffer {
  readonly sessionId: string;
  readonly uccName: string;
  readonly correlationId: string;
  readonly streams: readonly OfferedStream[];
  readonly parties: readonly { readonly aor: string; readonly name: string | null }[];
}

export function newStream(
  { sessionId }: SessionOffer,
  offered: OfferedStream,
  { ucc, opened }: { readonly ucc: Ucc; readonly opened: OpenedStream },
): CallStream {
  const role = offered.aor !== null && isAgent(ucc, offered.aor) ? 'agent' : 'other';
  const { label, aor, codec, clockRate, payloadType, dtmfPayloadType, held } = offered;
  return {
    ...{ ...opened, sessionId, label, aor, role, codec, clockRate },
    ...{ payloadType, dtmfPayloadType, held, began: undefined },
  };
}

/** The stream as it was when its session was last saved. */
export function restoredStream(
  sessionId: string,
  { track, port, payloadType, dtmfPayloadType, held }: SessionStreamRecord,
  record: TrackRecord,
): CallStream {
  const { label, aor, role, codec, clockRate, startPosition, initialReason, clockOrigin } = record;
  const began =
    startPosition === null || clockOrigin === null
      ? undefined
      : { startPosition, initialReason, clockOrigin };
  return {
    ...{ track, port, sessionId, label, aor, role, codec, clockRate },
    ...{ payloadType, dtmfPayloadType, held, began },
  };
}

export function specOf(
  { codec, clockRate, payloadType, dtmfPayloadType, held }: OfferedStream | CallStream,
  track: number,
): StreamSpec {
  return { track, codec, clockRate, payloadType, dtmfPayloadType, held };
}

export function trackRecord(callId: string, stream: CallStream): TrackRecord {
  const { track, label, aor, role, codec, clockRate, began } = stream;
  return {
    ...{ callId, track, label, aor, role, codec, clockRate },
    startPosition: began?.startPosition ?? null,
    endPosition: null,
    initialReason: began?.initialReason ?? null,
    clockOrigin: began?.clockOrigin ?? null,
    reasonChanges: [],
    packets: noPackets,
  };
}

/** The stream is closed: a track that was resumed began where it first began. */
export function endedTrack(callId: string, stream: CallStream, summary: TrackSummary): TrackRecord {
  const { began } = stream;
  const record = { ...trackRecord(callId, stream), ...summary };
  if (!began) return record;
  const startPosition = Math.min(began.startPosition, summary.startPosition ?? Infinity);
  return { ...record, startPosition, initialReason: began.initialReason };
}

/** When the call's clock began, as any of its tracks knows. */
export function clockOriginOf(tracks: Iterable<Pick<TrackRecord, 'clockOrigin'>>) {
  let origin: ClockOrigin | null = null;
  for (const { clockOrigin } of tracks) origin ??= clockOrigin;
  return origin;
}

/** @param lines which m-line of the session each track is */
export function sessionRecord(
  call: Call,
  id: string,
  { lines, signalling }: SessionSignalling,
): SessionRecord {
  const streams = lines.flatMap(({ track, index }) => {
    const stream = call.streams.get(track);
    if (!stream) return [];
    const { port, payloadType, dtmfPayloadType, held } = stream;
    return [{ track, index, port, payloadType, dtmfPayloadType, held }];
  });
  return { id, callId: call.id, streams, signalling };
}

/** What another process needs of a session besides its streams. */
export interface SessionSignalling {
  readonly lines: readonly { readonly track: number; readonly index: number }[];
  /** Plain JSON. */
  readonly signalling: unknown;
}

const noPackets = {
  received: 0,
  kept: 0,
  gated: 0,
  duplicate: 0,
  dtmf: 0,
  unusable: 0,
  erased: 0,
} as const;

/** Everybody who has been on the call. */
export function partiesOf(call: Call, ucc: Ucc, offer: SessionOffer): readonly Party[] {
  const parties = new Map(call.record.parties.map((party) => [party.aor, party]));
  for (const { aor, name } of offer.parties) {
    parties.set(aor, { aor, name, role: isAgent(ucc, aor) ? 'agent' : 'other' });
  }
  return [...parties.values()];
}
