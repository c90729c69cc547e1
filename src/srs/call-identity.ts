import { guidFromText, parseGuid } from '../domain/correlation-id.ts';
import { uriUser } from '../domain/sip-uri.ts';
import { header } from '../protocols/sip/headers.ts';
import type { SipRequest } from '../protocols/sip/types.ts';
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
}

/** Which UCC a recording session's call belongs to; undefined when nothing in it names one. */
export function uccOf(
  request: SipRequest,
  metadata: RecordingMetadata | undefined,
  rules: IdentityRules,
): string | undefined {
  const candidates: Record<UccSource, () => (string | undefined)[]> = {
    requestUri: () => [uriUser(request.requestUri)],
    header: () => rules.headers.ucc.map((name) => header(request, name)?.toLowerCase()),
    extension: () => [extensionAt(metadata, rules.extensions.ucc)?.toLowerCase()],
    participant: () =>
      (metadata?.participants ?? []).map(({ aor }) => (aor ? uriUser(aor) : undefined)),
  };
  return rules.ucc
    .flatMap((source) => candidates[source]())
    .find((name) => name !== undefined && rules.isUcc(name));
}

/**
 * The call's correlation id: a header (`X-Correlation-Id`), else a vendor's own value in the
 * metadata, else the communication session id read as a
 * GUID (RFC 7865 section 6.10), else one derived from it; without metadata the SIP Call-ID stands
 * in.
 */
export function correlationIdOf(
  request: SipRequest,
  metadata: RecordingMetadata | undefined,
  rules: IdentityRules,
): string {
  const sessionId = metadata?.communicationSessionIds[0];
  const fallback = guidFromText(sessionId ?? header(request, 'Call-ID') ?? '');
  const candidates: Record<CorrelationSource, () => string | undefined> = {
    header: () => {
      const values = rules.headers.correlationId.map((name) => header(request, name) ?? '');
      return values.map(parseGuid).find((guid) => guid !== undefined);
    },
    extension: () => {
      const value = extensionAt(metadata, rules.extensions.correlationId);
      return value === undefined ? undefined : (parseGuid(value) ?? guidFromText(value));
    },
    sessionId: () => (sessionId === undefined ? undefined : guidFromSessionId(sessionId)),
    derived: () => fallback,
  };
  for (const source of rules.correlationId) {
    const guid = candidates[source]();
    if (guid !== undefined) return guid;
  }
  return fallback;
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
