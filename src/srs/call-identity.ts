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
  /** Names of SIP headers, tried in their order. */
  readonly headers: { readonly ucc: readonly string[]; readonly correlationId: readonly string[] };
  /** Where vendors' own values stand in the metadata; empty: nowhere. */
  readonly extensions: { readonly ucc: string; readonly correlationId: string };
  isUcc(name: string): boolean;
  /** An agent or a supervisor of that UCC. */
  isMember(uccName: string, uri: string): boolean;
}

/** Which UCC a recording session's call belongs to; undefined when nothing in it names one. */
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

/** A name, or a URI whose user part is one. */
function namesIn(value: string | undefined): (string | undefined)[] {
  return value === undefined ? [] : [value.toLowerCase(), uriUser(value)];
}

export interface CorrelationId {
  readonly guid: string;
  /** `session`: the metadata's communication session; what else another call may not have. */
  readonly from: 'header' | 'extension' | 'session' | 'callId';
}

/**
 * The call's correlation id: a header (`X-Correlation-Id`), else a vendor's own value in the
 * metadata, else the communication session id read as a GUID (RFC 7865 section 6.10), else one
 * derived from it; without metadata the SIP Call-ID stands in. What is no id (`isNoId`) counts as
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

/** The metadata's first session id that is one. */
function sessionIdOf(metadata: RecordingMetadata | undefined): string | undefined {
  return metadata?.communicationSessionIds.find((id) => !isNoId(id));
}

/** Every new session is compared with all others: each is read once. */
const knownGuids = new WeakMap<RecordingMetadata, { readonly guid: string | undefined }>();

/** The communication session's id as a GUID, read or derived: the same for the same session. */
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

/** What no other call has: derived from the SIP Call-ID. */
export function correlationIdOfDialog(request: SipRequest): CorrelationId {
  return { guid: guidFromText(header(request, 'Call-ID') ?? ''), from: 'callId' };
}

const noIds = ['null', 'none', 'undefined', 'unknown', 'anonymous', 'default'];
const MIN_ID_CHARACTERS = 4;
/** Where a configuration says that it stands, a short one is an id all the same. */
const MIN_EXTENSION_CHARACTERS = 2;

/**
 * Nothing that was made to tell calls apart: empty, a word for nothing, one character over and over
 * (nil and max UUIDs, in hexadecimal and base64), or zeros before too few characters.
 */
export function isNoId(id: string, minCharacters = MIN_ID_CHARACTERS): boolean {
  const guid = guidFromSessionId(id);
  return [id, guid ?? id].some((text) => {
    const characters = text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
    const telling = characters.replace(/^0+/, '');
    return telling.length < minCharacters || new Set(telling).size === 1 || noIds.includes(telling);
  });
}

/** The first value whose path is that one, or ends with it. */
function extensionAt(metadata: RecordingMetadata | undefined, path: string): string | undefined {
  const wanted = path.toLowerCase();
  if (wanted === '') return undefined;
  const found = metadata?.extensions?.find(
    ({ path: at }) => at === wanted || at.endsWith(`/${wanted}`),
  );
  return found?.text;
}
