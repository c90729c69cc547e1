import { Type } from 'typebox';

const DEFAULT_PAGE = 50;
const MAX_PAGE = 500;

/** A page of a list, newest first, and the time that it is of. */
export interface PageQuery {
  from?: string;
  to?: string;
  cursor?: string;
  limit?: number;
}

export const pageProperties = {
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  cursor: Type.Optional(
    Type.String({ format: 'uuid', description: 'nextCursor of the page before' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
};

/** Returns the page's part of a store's filter, without its limit. */
export function pageFilter({ from, to, cursor }: PageQuery) {
  return {
    ...(from === undefined ? {} : { from: Date.parse(from) }),
    ...(to === undefined ? {} : { to: Date.parse(to) }),
    ...(cursor === undefined ? {} : { before: cursor.toLowerCase() }),
  };
}

/** Reads one row more than the page holds, to know whether there is a next one. */
export async function readPage<Row extends { readonly id: string }>(
  { limit = DEFAULT_PAGE }: PageQuery,
  read: (limit: number) => Promise<Row[]>,
): Promise<{ items: Row[]; nextCursor: string | null }> {
  const rows = await read(limit + 1);
  const items = rows.slice(0, limit);
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}
