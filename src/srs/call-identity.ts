import { guidFromText, parseGuid } from '../domain/correlation-id.ts';
import { uriUser } from '../domain/sip-uri.ts';
import { header } from '../protocols/sip/headers.ts';
import type { SipRequest } from '../protocols/sip/types.ts';
import { guidFromSessionId } from '../protocols/siprec/session-id.ts';
import type { RecordingMetadata } from '../protocols/siprec/types.ts';

export const uccSources = ['requestUri', 'header', 'participant'] as const;
export type UccSource = (typeof uccSources)[number];

export const correlationSources = ['header', 'sessionId', 'derived'] as const;
export type CorrelationSource = (typeof correlationSources)[number];

export interface IdentityRules {
  /** Tried in this order; the first that names a known UCC counts. */
  readonly ucc: readonly UccSource[];
  readonly correlationId: readonly CorrelationSource[];
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
    header: () => [header(request, 'X-UCC-Name')?.toLowerCase()],
    participant: () =>
      (metadata?.participants ?? []).map(({ aor }) => (aor ? uriUser(aor) : undefined)),
  };
  return rules.ucc
    .flatMap((source) => candidates[source]())
    .find((name) => name !== undefined && rules.isUcc(name));
}

/**
 * The call's correlation id: header `X-Correlation-Id`, else the communication session id read as a
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
    header: () => parseGuid(header(request, 'X-Correlation-Id') ?? ''),
    sessionId: () => (sessionId === undefined ? undefined : guidFromSessionId(sessionId)),
    derived: () => fallback,
  };
  for (const source of rules.correlationId) {
    const guid = candidates[source]();
    if (guid !== undefined) return guid;
  }
  return fallback;
}
