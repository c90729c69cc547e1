import type { AuditRecord } from '../model/audit-record.ts';
import { cleanText, cleanUri } from '../redaction/client-text.ts';

/** Of a list, so many characters of what was put in or taken out. */
const MAX_LIST_LENGTH = 2_000;

type Settings = Readonly<Record<string, unknown>>;

/** Stands for a secret that is another one now. */
export const SECRET_CHANGED = 'changed';

/**
 * What differs between two settings, as the audit log keeps it: of lists what was taken out
 * (`before`) and put in (`after`), bounded. Secrets are the caller's to leave out or to replace by
 * `SECRET_CHANGED`. `before` or `after` is undefined where there was, or is, nothing.
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

/** Numbers, booleans and nothing as they are; texts cleaned; of lists what the other has not. */
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
