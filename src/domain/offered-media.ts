import type { Call, CallStream } from './call.ts';
import type { StreamSpec } from './ports.ts';
import type { Codec, Party, TrackRecord } from './records.ts';
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

/** The track's stream, before its session is known to the call. */
export function newStream(
  offered: OfferedStream,
  ucc: Ucc,
  track: number,
): Omit<CallStream, 'sessionId'> {
  const role = offered.aor !== null && isAgent(ucc, offered.aor) ? 'agent' : 'other';
  const { label, aor, codec, clockRate, held } = offered;
  return { track, label, aor, role, codec, clockRate, held };
}

export function specOf(offered: OfferedStream, track: number): StreamSpec {
  const { codec, clockRate, payloadType, dtmfPayloadType, held } = offered;
  return { track, codec, clockRate, payloadType, dtmfPayloadType, held };
}

export function trackRecord(callId: string, stream: Omit<CallStream, 'sessionId'>): TrackRecord {
  const { track, label, aor, role, codec, clockRate } = stream;
  return {
    callId,
    track,
    label,
    aor,
    role,
    codec,
    clockRate,
    startPosition: null,
    endPosition: null,
    initialReason: null,
    packets: noPackets,
  };
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
