import { isoTime } from '../../domain/event/event-view.ts';
import type { AuditRecord } from '../../domain/model/audit-record.ts';

/** Rows that are in memory at a time. */
const PAGE = 500;

const columns = [
  'id',
  'at',
  'who',
  'client',
  'address',
  'surface',
  'requester',
  'action',
  'uccName',
  'correlationId',
  'callId',
  'outcome',
  'reason',
  'count',
  'before',
  'after',
] as const satisfies (keyof AuditRecord)[];

/** RFC 4180, the columns' names first; pages are read as they are taken. */
export async function* auditCsv(
  read: (page: { readonly limit: number; readonly before?: string }) => Promise<AuditRecord[]>,
  before: string | undefined,
): AsyncGenerator<string> {
  yield line(columns);
  for (let last = before; ; ) {
    const rows = await read({ limit: PAGE, ...(last === undefined ? {} : { before: last }) });
    if (rows.length > 0) yield rows.map(lineOf).join('');
    last = rows.at(-1)?.id;
    if (rows.length < PAGE) return;
  }
}

function lineOf(record: AuditRecord): string {
  const shown = { ...record, at: isoTime(record.at) };
  return line(columns.map((column) => String(shown[column] ?? '')));
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/** Matches formulas: to a spreadsheet full-width signs, and signs behind blanks, are the same. */
const formula = /^[\t\r\n]|^[\s\p{C}]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u;

/**
 * A spreadsheet takes what begins so for a formula, and carries it out: an apostrophe makes it a
 * text (CWE-1236).
 */
export function cell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
