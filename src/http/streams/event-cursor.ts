import type { Principal } from '../../domain/model/principal.ts';
import { uccKey } from '../../domain/model/ucc.ts';
import type { Store } from '../../domain/ports/store.ts';
import type { UccRegistry } from '../../domain/ucc/ucc-registry.ts';
import { uccsFor } from '../request/scope.ts';

export interface EventCursorPorts {
  readonly uccs: UccRegistry;
  readonly store: Store;
  /** `Journal.publishedThrough`: where a stream begins that asks for nothing of before. */
  publishedThrough(): number;
}

/** Per UCC, the last sequence number that the client has. */
export type Sequences = Map<string, number>;

/** A `Last-Event-ID`: a position, or what releases before this one gave out, per UCC. */
export interface Cursor {
  readonly position?: number;
  readonly sequences?: Sequences;
}

export interface Asked {
  readonly principal: Principal;
  readonly ucc: string | undefined;
  readonly since: number | undefined;
  readonly cursor: Cursor;
}

export interface Beginning {
  /** A sequence number of one UCC, or a position; undefined: what comes next. */
  readonly since: number | undefined;
  /** Position with which the client can come back before there is an event; 0: none. */
  readonly position: number;
  /** Sequence numbers that the client of all UCCs already has behind that position. */
  readonly had: Sequences;
  /** As far as `had` reaches: up to there a position alone does not tell what the client has. */
  readonly hadThrough: number;
}

const nothing = { had: new Map(), hadThrough: 0 } as const;

/** `4711`, or `ucc-a:12,ucc-b:7`; undefined for what is neither. */
export function parseCursor(text: string): Cursor | undefined {
  if (text.trim() === '') return {};
  if (/^\d{1,15}$/.test(text.trim())) return { position: Number(text) };
  const sequences: Sequences = new Map();
  for (const part of text.split(',').filter((one) => one !== '')) {
    const match = /^([a-z0-9][a-z0-9._-]{0,63}):(\d{1,15})$/.exec(part.trim());
    if (!match) return undefined;
    sequences.set(match[1] as string, Number(match[2]));
  }
  return { sequences };
}

export function formatSequences(sequences: Sequences): string {
  return [...sequences]
    .filter(([, sequence]) => sequence > 0)
    .map(([name, sequence]) => `${name}:${sequence}`)
    .join(',');
}

type Services = Pick<EventCursorPorts, 'store' | 'uccs' | 'publishedThrough'>;

/** Finds where the requested events begin; undefined for a cursor that nobody was given. */
export async function beginningOf(
  services: Services,
  asked: Asked,
): Promise<Beginning | undefined> {
  const { store } = services;
  const { cursor, ucc, since } = asked;
  const { position, sequences } = cursor;
  if (position !== undefined) {
    // The position is another database's, or of before a restore: events would be missed.
    if (position > (await store.lastPosition())) return undefined;
    const from = ucc === undefined ? position : await store.sequenceAt(uccKey(ucc), position);
    return { since: from, position, ...nothing };
  }
  if (sequences === undefined && since === undefined) {
    return { since: undefined, position: 0, ...nothing };
  }
  if (ucc === undefined) return beginningOfAll(services, asked);
  const from = sequences?.get(uccKey(ucc)) ?? since ?? 0;
  const at = from === 0 ? undefined : await store.positionAfter(uccKey(ucc), from - 1);
  return { since: from, position: at ?? 0, ...nothing };
}

/**
 * The position before the first event that the client does not have. Ids of before named every UCC
 * that had had an event, so that one which an id does not name had none by then.
 */
async function beginningOfAll(
  { store, uccs }: Services,
  { principal, since = 0, cursor }: Asked,
): Promise<Beginning> {
  const { sequences } = cursor;
  const names = uccsFor({ uccs }, principal).map(({ name }) => uccKey(name));
  const had: Sequences = new Map(names.map((name) => [name, sequences?.get(name) ?? since]));
  // This is read first: events committed meanwhile are behind it.
  const last = await store.lastPosition();
  const after = (name: string, sequence: number) => store.positionAfter(name, sequence);
  const missed = await Promise.all([...had].map(([name, from]) => after(name, from)));
  const from = known(missed).reduce((low, position) => Math.min(low, position - 1), last);
  if (sequences === undefined) return { since: from, position: from, had, hadThrough: 0 };
  const held = [...had].filter(([, sequence]) => sequence > 0);
  const ends = await Promise.all(held.map(([name, sequence]) => after(name, sequence - 1)));
  return { since: from, position: 0, had, hadThrough: Math.max(0, ...known(ends)) };
}

function known(positions: readonly (number | undefined)[]): number[] {
  return positions.filter((position) => position !== undefined);
}
