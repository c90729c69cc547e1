import { fields } from './oauth.ts';

export type Form = Readonly<Record<(typeof fields)[number], string>>;

/** Longer than any name or password; hashing a long one costs. */
export const MAX_FIELD_BYTES = 256;

/** Returns undefined if a field is missing or too long. */
export function formOf(given: ReadonlyMap<string, string>): Form | undefined {
  const values = fields.map((name) => [name, given.get(name) ?? ''] as const);
  const isGood = ([, value]: readonly [string, string]) =>
    value !== '' && Buffer.byteLength(value) <= MAX_FIELD_BYTES;
  return values.every(isGood) ? (Object.fromEntries(values) as Form) : undefined;
}
