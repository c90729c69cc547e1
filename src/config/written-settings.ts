import { DURATION, formatDuration, parseDuration } from './duration.ts';
import type { SchemaNode } from './schema-node.ts';

/*
 * A setting of time has its unit in its value where people write it, `timeout: 2s`, and in its name
 * where the program counts in it, `timeoutMs: 2000`.
 */

type Tree = Record<string, unknown>;
type Fail = (path: string, message: string) => never;

const MS_PER_DAY = 86_400_000;

/** The ms in one of what a setting counts in; undefined for one that counts no time. */
function msPerCount(key: string): number | undefined {
  if (key.endsWith('Ms')) return 1;
  return key.endsWith('Days') ? MS_PER_DAY : undefined;
}

export function isDuration(key: string): boolean {
  return msPerCount(key) !== undefined;
}

/** `timeout` for `timeoutMs`. */
export function writtenName(key: string): string {
  return isDuration(key) ? key.replace(/(?:Ms|Days)$/, '') : key;
}

/** `/store/timeout` for `/store/timeoutMs`. */
export function writtenPath(path: string): string {
  return path.split('/').map(writtenName).join('/');
}

/** `2s` for 2,000 of `timeoutMs`. */
export function writtenCount(key: string, count: number): string {
  return formatDuration(count * (msPerCount(key) ?? 1));
}

/** Returns the count of `timeoutMs` for `2s`; undefined if the text is no valid duration. */
export function countOf(key: string, value: unknown): number | undefined {
  const count = (parseDuration(value) ?? Number.NaN) / (msPerCount(key) ?? 1);
  return Number.isSafeInteger(count) ? count : undefined;
}

/** Describes the expected value in place of an invalid duration. */
export function durationFault(key: string): string {
  return key.endsWith('Days') ? 'must be whole days: 30d' : `must be ${DURATION}`;
}

/** Names the new key of a setting that was written with its unit in its name. */
export function renamed(key: string, name: string, value: unknown): string {
  const count = Number(value);
  const example = Number.isFinite(count) ? writtenCount(key, count) : '2s';
  return `is now ${name}, with its unit: ${example}`;
}

/** Puts what a file says of time into what the program counts in. */
export function readDurations(
  settings: unknown,
  node: SchemaNode,
  { fail, path = '' }: { readonly fail: Fail; readonly path?: string },
): void {
  if (typeof settings !== 'object' || settings === null) return;
  if (Array.isArray(settings)) {
    for (const [index, item] of settings.entries()) {
      readDurations(item, node.items ?? {}, { fail, path: `${path}/${index}` });
    }
    return;
  }
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const at = `${path}/${key}`;
    if (isDuration(key)) readDuration(settings as Tree, at, fail);
    else readDurations((settings as Tree)[key], child, { fail, path: at });
  }
}

function readDuration(section: Tree, path: string, fail: Fail): void {
  const key = path.slice(path.lastIndexOf('/') + 1);
  if (Object.hasOwn(section, key)) {
    fail(path, renamed(key, writtenPath(path).slice(1).replaceAll('/', '.'), section[key]));
  }
  const name = writtenName(key);
  if (!Object.hasOwn(section, name)) return;
  section[key] = countOf(key, section[name]) ?? fail(writtenPath(path), durationFault(key));
  delete section[name];
}
