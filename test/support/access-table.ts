import { readFileSync } from 'node:fs';
import { type Role, roles } from '../../src/domain/model/principal.ts';
import type { TestHush } from './hush/hush.ts';

export type Cell = 'yes' | 'no' | 'open' | 'let in';

export interface AccessRow {
  /** `GET /api/calls/:id`, or a method of the hub. */
  readonly name: string;
  readonly cells: Readonly<Record<Role, Cell>>;
  readonly audit: 'none' | 'read' | 'change' | 'export';
}

const document = new URL('../../docs/reference/access.md', import.meta.url);

/** Returns the rows of the tables whose first column is `route` or `method`. */
export function accessTable(kind: 'route' | 'method'): AccessRow[] {
  const lines = readFileSync(document, 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.startsWith(`| ${kind} |`));
  const rows: AccessRow[] = [];
  for (const line of lines.slice(begin + 2)) {
    const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim());
    if (!line.startsWith('|')) break;
    const byRole = roles.map((role, index) => [role, cells[index]]);
    const audit = cells[roles.length] as AccessRow['audit'];
    rows.push({ name: name.replaceAll('`', ''), cells: Object.fromEntries(byRole), audit });
  }
  return rows;
}

/** Returns every route that the server describes, as the table names it. */
export async function routesOf(server: TestHush, token: string): Promise<string[]> {
  const response = await fetch(`${server.api}/api/openapi.json`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, object>> };
  return Object.entries(paths).flatMap(([path, methods]) => {
    const url = path.replace(/\{(\w+)\}/g, ':$1');
    return Object.keys(methods).map((method) => `${method.toUpperCase()} ${url}`);
  });
}
