import type { EffectiveConfiguration } from '../domain/ucc/configuration-record.ts';
import type { Config } from './schema.ts';
import { isDuration, writtenCount, writtenName } from './written-settings.ts';

const secretNames: readonly string[] = [
  ...['password', 'secretAccessKey', 'masterKey', 'previousMasterKeys'],
];

/**
 * Returns the configuration for the audit log. UCCs have rows of their own; items of other lists
 * are texts.
 */
export function effectiveConfiguration({ uccs, ...config }: Config): EffectiveConfiguration {
  const secrets: string[] = [];
  const settings = Object.fromEntries(flat(config, '', secrets));
  return { uccs, settings, secrets: secrets.length > 0 ? JSON.stringify(secrets) : '' };
}

function flat(section: object, path: string, secrets: string[]): [string, unknown][] {
  return Object.entries(section).flatMap(([name, value]): [string, unknown][] => {
    const written = writtenName(name);
    const at = path === '' ? written : `${path}.${written}`;
    if (value === undefined || takesSecret(name, value, secrets)) return [];
    if (isDuration(name)) return [[at, writtenCount(name, Number(value))]];
    if (Array.isArray(value)) return [[at, value.map((item) => itemOf(item, secrets))]];
    if (typeof value === 'object' && value !== null) return flat(value, at, secrets);
    return [[at, typeof value === 'string' ? withoutPassword(value, secrets) : value]];
  });
}

function takesSecret(name: string, value: unknown, secrets: string[]): boolean {
  if (!secretNames.includes(name)) return false;
  const isEmpty = Array.isArray(value) && value.length === 0;
  if (!isEmpty) secrets.push(`${name} ${JSON.stringify(value)}`);
  return true;
}

function itemOf(item: unknown, secrets: string[]): unknown {
  if (typeof item !== 'object' || item === null) return item;
  return JSON.stringify(Object.fromEntries(flat(item, '', secrets)));
}

/** Removes the password from a database's or proxy's address, in either place. */
function withoutPassword(text: string, secrets: string[]): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.password === '' && url.search === '') return text;
  secrets.push(text);
  url.password = '';
  url.search = '';
  return url.href;
}
