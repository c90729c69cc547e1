import { guidFromText, parseGuid } from '../domain/identifiers/correlation-id.ts';
import { uriUser } from '../domain/identifiers/sip-uri.ts';
import { header } from '../protocols/sip/message/headers.ts';
import type { SipRequest } from '../protocols/sip/message/types.ts';
import { guidFromSessionId } from '../protocols/siprec/session-id.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';

export const uccSources = ['requestUri', 'header', 'extension', 'participant'] as const;
export type UccSource = (typeof uccSources)[number];

export const correlationSources = ['header', 'extension', 'sessionId', 'derived'] as const;
export type CorrelationSource = (typeof correlationSources)[number];

export interface IdentityRules {
  /** Tried in this order; the first that names a known UCC counts. */
  readonly ucc: readonly UccSource[];
  readonly correlationId: readonly CorrelationSource[];
  /** Names of SIP headers, tried in order. */
  readonly headers: { readonly ucc: readonly string[]; readonly correlationId: readonly string[] };
  /** Paths of vendors' own values in the metadata; empty: none. */
  readonly extensions: { readonly ucc: string; readonly correlationId: string };
  isUcc(name: string): boolean;
  /** Returns true for an agent or a supervisor of that UCC. */
  isMember(uccName: string, uri: string): boolean;
}

/** Returns the UCC of a recording session's call; undefined when nothing in it names one. */
export function uccOf(
  request: SipRequest,
  metadata: RecordingMetadata | undefined,
  rules: IdentityRules,
): string | undefined {
  const candidates: Record<UccSource, () => (string | undefined)[]> = {
    requestUri: () => [uriUser(request.requestUri)],
    header: () => rules.headers.ucc.flatMap((name) => namesIn(header(request, name))),
    extension: () => namesIn(extensionAt(metadata, rules.extensions.ucc)),
    participant: () =>
      (metadata?.participants ?? []).map(({ aor }) => (aor ? uriUser(aor) : undefined)),
  };
  return rules.ucc
    .flatMap((source) => candidates[source]())
    .find((name) => name !== undefined && rules.isUcc(name));
}

/** Returns the text as a name, and its user part if it is a URI. */
function namesIn(value: string | undefined): (string | undefined)[] {
  return value === undefined ? [] : [value.toLowerCase(), uriUser(value)];
}

export interface CorrelationId {
  readonly guid: string;
  /** `session`: the metadata's communication session; the other sources are unique to a call. */
  readonly from: 'header' | 'extension' | 'session' | 'callId';
}

/**
 * Returns the call's correlation id: a header (`X-Correlation-Id`), else a vendor's own value in
 * the metadata, else the communication session id read as a GUID (RFC 7865 section 6.10), else one
 * derived from it; without metadata the SIP Call-ID is used. A placeholder (`isNoId`) counts as
 * none.
 */
export function correlationIdOf(
  request: SipRequest,
  metadata: RecordingMetadata | undefined,
  rules: IdentityRules,
): CorrelationId {
  const sessionId = sessionIdOf(metadata);
  const read = sessionId === undefined ? undefined : guidFromSessionId(sessionId);
  const candidates: Record<CorrelationSource, () => CorrelationId | undefined> = {
    header: () => {
      const values = rules.headers.correlationId.map((name) => header(request, name) ?? '');
      const guid = values.map(parseGuid).find((one) => one !== undefined && !isNoId(one));
      return guid === undefined ? undefined : { guid, from: 'header' };
    },
    extension: () => {
      const value = extensionAt(metadata, rules.extensions.correlationId) ?? '';
      if (isNoId(value, MIN_EXTENSION_CHARACTERS)) return undefined;
      return { guid: parseGuid(value) ?? guidFromText(value), from: 'extension' };
    },
    sessionId: () => (read === undefined ? undefined : { guid: read, from: 'session' }),
    derived: () =>
      sessionId === undefined ? undefined : { guid: guidFromText(sessionId), from: 'session' },
  };
  for (const source of rules.correlationId) {
    const found = candidates[source]();
    if (found !== undefined) return found;
  }
  return candidates.derived() ?? correlationIdOfDialog(request);
}

/** Returns the metadata's first session id that is one. */
function sessionIdOf(metadata: RecordingMetadata | undefined): string | undefined {
  return metadata?.communicationSessionIds.find((id) => !isNoId(id));
}

/** Cached, because every new session is compared with all others. */
const knownGuids = new WeakMap<RecordingMetadata, { readonly guid: string | undefined }>();

/** Returns the communication session's id as a GUID, read or derived: constant for one session. */
export function sessionGuidOf(metadata: RecordingMetadata | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  let known = knownGuids.get(metadata);
  if (!known) {
    const id = sessionIdOf(metadata);
    known = { guid: id === undefined ? undefined : (guidFromSessionId(id) ?? guidFromText(id)) };
    knownGuids.set(metadata, known);
  }
  return known.guid;
}

/** Returns an id that no other call has, derived from the SIP Call-ID. */
export function correlationIdOfDialog(request: SipRequest): CorrelationId {
  return { guid: guidFromText(header(request, 'Call-ID') ?? ''), from: 'callId' };
}

const noIds = ['null', 'none', 'undefined', 'unknown', 'anonymous', 'default'];
const MIN_ID_CHARACTERS = 4;
/** At a configured path even a short text is an id. */
const MIN_EXTENSION_CHARACTERS = 2;

/**
 * Returns true for text that cannot tell calls apart: empty, a word for nothing, one repeated
 * character (nil and max UUIDs, in hexadecimal and base64), or zeros before too few characters.
 */
export function isNoId(id: string, minCharacters = MIN_ID_CHARACTERS): boolean {
  const guid = guidFromSessionId(id);
  return [id, guid ?? id].some((text) => {
    const characters = text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
    const telling = characters.replace(/^0+/, '');
    return telling.length < minCharacters || new Set(telling).size === 1 || noIds.includes(telling);
  });
}

/** Returns the first value at that path, or at a path that ends with it. */
function extensionAt(metadata: RecordingMetadata | undefined, path: string): string | undefined {
  const wanted = path.toLowerCase();
  if (wanted === '') return undefined;
  const found = metadata?.extensions?.find(
    ({ path: at }) => at === wanted || at.endsWith(`/${wanted}`),
  );
  return found?.text;
}
