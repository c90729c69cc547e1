import type { AuditRecord } from '../model/audit-record.ts';
import { cleanText, cleanUri } from '../redaction/client-text.ts';

/** Longest text of a list's added or removed entries, in characters. */
const MAX_LIST_LENGTH = 2_000;

type Settings = Readonly<Record<string, unknown>>;

/** Stands for a secret that has changed. */
export const SECRET_CHANGED = 'changed';

/**
 * Returns the difference between two settings as the audit log keeps it: for lists, the removed
 * entries (`before`) and the added ones (`after`), bounded. The caller leaves secrets out, or
 * replaces them by `SECRET_CHANGED`. `before` or `after` is undefined where there was, or is,
 * nothing.
 */
export function auditedChange(
  before: object | undefined,
  after: object | undefined,
): Pick<AuditRecord, 'before' | 'after'> {
  const [was, is] = [{ ...before } as Settings, { ...after } as Settings];
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = names.filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]));
  const side = (these: Settings, others: Settings): string =>
    JSON.stringify(
      Object.fromEntries(changed.map((name) => [name, kept(these[name], others[name])])),
    );
  return {
    before: before === undefined ? null : side(was, is),
    after: after === undefined ? null : side(is, was),
  };
}

/** Keeps numbers, booleans and null, cleans texts, reduces lists to entries absent from `other`. */
function kept(value: unknown, other: unknown): unknown {
  if (typeof value === 'string') return cleanValue(value);
  if (Array.isArray(value)) return keptOfList(value, Array.isArray(other) ? other : []);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, kept(part, null)]));
}

function keptOfList(list: readonly unknown[], others: readonly unknown[]): unknown[] {
  const there = new Set(others);
  const own = list.filter((item) => !there.has(item));
  const items: unknown[] = [];
  let length = 0;
  for (const item of own) {
    const text = kept(item, null);
    length += String(text).length;
    if (length > MAX_LIST_LENGTH) return [...items, `and ${own.length - items.length} more`];
    items.push(text);
  }
  return items;
}

function cleanValue(text: string): string {
  return /^(sips?|tel):/i.test(text) ? cleanUri(text) : cleanText(text);
}
