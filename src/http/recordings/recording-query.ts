import { Type } from 'typebox';
import { parseGuid } from '../../domain/identifiers/correlation-id.ts';
import { partyKey } from '../../domain/identifiers/party-keys.ts';
import type { CallStatus } from '../../domain/model/call-status.ts';
import type { GapReason } from '../../domain/model/gap.ts';
import { SavingState } from '../../domain/model/recording-state.ts';
import { uccKey } from '../../domain/model/ucc.ts';
import type { RecordingFilter, RecordingPlace } from '../../domain/ports/recording-search.ts';
import { gapReason, recordingStatus, savingStateName } from '../description/enums.ts';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;
const MAX_MS = Number.MAX_SAFE_INTEGER;

type RecordingStatus = Exclude<CallStatus, 'empty'>;

export interface RecordingQuery {
  ucc?: string;
  correlationId?: string;
  agent?: string;
  party?: string;
  from?: string;
  to?: string;
  marked?: boolean;
  saving?: keyof typeof SavingState;
  status?: RecordingStatus;
  legalHold?: boolean;
  minLengthMs?: number;
  maxLengthMs?: number;
  minGapMs?: number;
  gap?: GapReason;
  cursor?: string;
  limit?: number;
}

const ms = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_MS, description }));
const party = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 512, description }));

export const recordingQuerySchema = Type.Object({
  ucc: Type.Optional(Type.String()),
  correlationId: Type.Optional(Type.String()),
  agent: party('SIP URI, user part or phone number of an agent of the call'),
  party: party('The same of anybody on the call'),
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  marked: Type.Optional(Type.Boolean()),
  saving: Type.Optional(
    Type.Unsafe<keyof typeof SavingState>({ ...savingStateName, description: 'The saving flag' }),
  ),
  status: Type.Optional(
    Type.Unsafe<RecordingStatus>({ ...recordingStatus, description: 'What has become of it' }),
  ),
  legalHold: Type.Optional(Type.Boolean()),
  minLengthMs: ms('At least as long'),
  maxLengthMs: ms('At most as long'),
  minGapMs: ms('Without audio for at least so long, in all, on the worse of its tracks'),
  gap: Type.Optional(
    Type.Unsafe<GapReason>({ ...gapReason, description: 'With a gap for this reason' }),
  ),
  cursor: Type.Optional(Type.String({ description: 'nextCursor of the page before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
});

export const recordingQueryDescription =
  'A page looks at a bounded part of the archive: one that few recordings match may be short, or ' +
  'empty. There are more as long as nextCursor is not null.';

/**
 * Undefined for a cursor that is not ours.
 * @param scope UCCs that the caller may see; all without it
 */
export function recordingFilter(
  query: RecordingQuery,
  scope: readonly string[] | undefined,
): RecordingFilter | undefined {
  const before = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  if (query.cursor !== undefined && !before) return undefined;
  const uccs = uccsOf(query.ucc, scope);
  const { correlationId, marked, status, minLengthMs, maxLengthMs, minGapMs } = query;
  return given({
    limit: query.limit ?? DEFAULT_PAGE,
    ...{ uccs, before, marked, status, minLengthMs, maxLengthMs, minGapMs },
    correlationId: correlationId && (parseGuid(correlationId) ?? correlationId),
    agent: query.agent === undefined ? undefined : partyKey(query.agent),
    party: query.party === undefined ? undefined : partyKey(query.party),
    from: query.from === undefined ? undefined : Date.parse(query.from),
    to: query.to === undefined ? undefined : Date.parse(query.to),
    saving: query.saving === undefined ? undefined : SavingState[query.saving],
    onLegalHold: query.legalHold,
    gapReason: query.gap,
  });
}

export function cursorOf({ beganAt, id }: RecordingPlace): string {
  return Buffer.from(`${beganAt}.${id}`).toString('base64url');
}

function parseCursor(cursor: string): RecordingPlace | undefined {
  const match = /^(\d{1,16})\.([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const beganAt = Number(match?.[1]);
  return match && Number.isSafeInteger(beganAt) ? { beganAt, id: match[2] as string } : undefined;
}

/** Narrows the scope to the named UCC: naming one never shows more. */
function uccsOf(ucc: string | undefined, scope: readonly string[] | undefined) {
  if (ucc === undefined) return scope;
  const key = uccKey(ucc);
  return scope === undefined || scope.includes(key) ? [key] : [];
}

/** Drops fields that were not asked for. */
function given<Filter extends object>(filter: Filter): RecordingFilter {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as RecordingFilter;
}
