import type { Call, CallStream, ToldTrack } from '../call/call.ts';
import { presenceSince } from '../call/stream-presence.ts';
import { uriKey } from '../identifiers/sip-uri.ts';
import type { CallRecord, Party } from '../model/call-record.ts';
import {
  type MediaAgreement,
  type SrtpKeys,
  type SrtpSuite,
  unnamedSource,
} from '../model/media-agreement.ts';
import { faultsTogether, type MetadataFault } from '../model/metadata-fault.ts';
import type { SessionRecord, SessionStreamRecord } from '../model/recording-session.ts';
import { noPackets, type TrackRecord } from '../model/track.ts';
import { isAgent } from '../model/ucc.ts';
import type { OpenedStream, StreamSpec } from '../ports/recorder.ts';
import type { Vault } from '../ports/vault.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';

/** An audio stream offered by a recording session. */
export interface OfferedStream {
  readonly label: string;
  readonly aor: string | null;
  readonly mixed: boolean;
  readonly clockRate: number;
  readonly agreed: MediaAgreement;
  readonly held: boolean;
}

export interface SessionOffer {
  readonly sessionId: string;
  readonly uccName: string;
  readonly correlationId: string;
  readonly streams: readonly OfferedStream[];
  readonly parties: readonly { readonly aor: string; readonly name: string | null }[];
  /** Why its metadata may be incomplete; omitted for no fault. */
  readonly metadataFaults?: readonly MetadataFault[] | undefined;
}

/** A client's description of a call in progress: its parties and their streams. */
export interface CallDescription {
  readonly parties: SessionOffer['parties'];
  readonly metadataFaults?: SessionOffer['metadataFaults'];
  readonly streams: readonly {
    readonly track: number;
    /** null: not told; the known value stays. */
    readonly aor: string | null;
    readonly mixed: boolean;
  }[];
}

/** Notes the description of the call's streams. @returns the streams that it changed */
export function describeStreams(
  call: Call,
  rules: UccRules,
  description: CallDescription,
): CallStream[] {
  return description.streams.flatMap(({ track, aor, mixed }) => {
    const stream = call.streams.get(track);
    if (!stream) return [];
    const known = { aor: stream.aor, mixed: stream.mixed };
    stream.aor = mixed ? null : (aor ?? stream.aor);
    stream.mixed = mixed;
    stream.role = roleOf(rules, stream.aor);
    return stream.aor === known.aor && mixed === known.mixed ? [] : [stream];
  });
}

const nothingTold: ToldTrack = {
  endPosition: null,
  reasonChanges: [],
  packets: noPackets,
  clockWrongMs: 0,
};
const notBegun = { began: undefined, told: nothingTold };

function roleOf(rules: UccRules, aor: string | null): CallStream['role'] {
  return aor !== null && isAgent(rules, aor) ? 'agent' : 'other';
}

export function newStream(
  { sessionId }: SessionOffer,
  offered: OfferedStream,
  {
    rules,
    opened,
    at,
  }: { readonly rules: UccRules; readonly opened: OpenedStream; readonly at: number },
): CallStream {
  const role = roleOf(rules, offered.aor);
  const { suppressDtmf } = rules;
  const presence = presenceSince(at, offered.held);
  return { ...offered, ...opened, sessionId, role, suppressDtmf, presence, ...notBegun };
}

/** Returns the stream as it was when its session was last saved. */
export function restoredStream(
  { id: sessionId }: SessionRecord,
  { track, port, held, suppressDtmf, agreed }: SessionStreamRecord,
  { record, vault }: { readonly record: TrackRecord; readonly vault: Vault },
): CallStream {
  const { label, aor, role, clockRate, mixed, startPosition, initialReason, clockOrigin } = record;
  const began =
    startPosition === null || clockOrigin === null
      ? undefined
      : { startPosition, initialReason, clockOrigin };
  const srtp = agreed.srtp === null ? null : openKeys(agreed.srtp, vault);
  return {
    track,
    port,
    sessionId,
    label,
    aor,
    role,
    clockRate,
    mixed,
    suppressDtmf,
    held,
    began,
    told: record,
    presence: record.presence ?? allAlong,
    // Sessions that an older version saved name no source.
    agreed: { ...agreed, source: agreed.source ?? unnamedSource, srtp },
  };
}

/** Presence of a stream that an older release opened: nobody knows when. */
const allAlong = { openedAt: 0, closedAt: null, holds: [] };

/** Keys sealed in the vault: bytes in base64. */
interface SealedKeys {
  readonly suite: SrtpSuite;
  readonly remote: string;
  readonly local: string;
}

function openKeys(sealed: string, vault: Vault): SrtpKeys {
  const { suite, remote, local } = JSON.parse(vault.open(sealed).toString()) as SealedKeys;
  return { suite, remote: Buffer.from(remote, 'base64'), local: Buffer.from(local, 'base64') };
}

function sealKeys({ suite, remote, local }: SrtpKeys, vault: Vault): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const keys: SealedKeys = { suite, remote: text(remote), local: text(local) };
  return vault.seal(Buffer.from(JSON.stringify(keys)));
}

export function specOf(
  stream: Pick<CallStream, 'clockRate' | 'agreed' | 'held' | 'suppressDtmf'>,
  track: number,
): StreamSpec {
  const { clockRate, agreed, held, suppressDtmf } = stream;
  return { track, clockRate, agreed, held, suppressDtmf };
}

/** Returns the session as the store keeps it: its keys are encrypted by the vault. */
export function sessionRecord(
  call: Call,
  id: string,
  { lines, signalling, vault }: SessionSignalling & { readonly vault: Vault },
): SessionRecord {
  const streams = lines.flatMap(({ track, index }) => {
    const stream = call.streams.get(track);
    if (!stream) return [];
    const { port, held, suppressDtmf, agreed } = stream;
    const srtp = agreed.srtp && sealKeys(agreed.srtp, vault);
    return [{ track, index, port, held, suppressDtmf, agreed: { ...agreed, srtp } }];
  });
  return { id, callId: call.id, streams, signalling };
}

/** State of a session, besides its streams, that another process needs. */
export interface SessionSignalling {
  /** The session's m-line of each track. */
  readonly lines: readonly { readonly track: number; readonly index: number }[];
  /** Plain JSON. */
  readonly signalling: unknown;
}

/** Returns the call's record with the new description applied. */
export function toldOf(
  call: Call,
  rules: UccRules,
  told: Pick<SessionOffer, 'parties' | 'metadataFaults'>,
): Pick<CallRecord, 'parties' | 'metadataIncomplete'> {
  const { metadataIncomplete } = call.record;
  return {
    parties: partiesOf(call, rules, told),
    metadataIncomplete: faultsTogether(metadataIncomplete, told.metadataFaults ?? []),
  };
}

/** Returns everybody who has been on the call, each once, in the latest spelling. */
function partiesOf(
  call: Call,
  rules: UccRules,
  told: Pick<SessionOffer, 'parties'>,
): readonly Party[] {
  const parties = new Map(call.record.parties.map((party) => [uriKey(party.aor), party]));
  for (const { aor, name } of told.parties) {
    const key = uriKey(aor);
    const known = parties.get(key)?.name ?? null;
    parties.set(key, { aor, name: name ?? known, role: roleOf(rules, aor) });
  }
  return [...parties.values()];
}
