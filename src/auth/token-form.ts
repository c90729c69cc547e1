import { fields } from './oauth.ts';

export type Form = Readonly<Record<(typeof fields)[number], string>>;

/** Nobody's name or password is longer; hashing a long one costs. */
export const MAX_FIELD_BYTES = 256;

/** Undefined where a field is missing, or longer than any is. */
export function formOf(given: ReadonlyMap<string, string>): Form | undefined {
  const values = fields.map((name) => [name, given.get(name) ?? ''] as const);
  const isGood = ([, value]: readonly [string, string]) =>
    value !== '' && Buffer.byteLength(value) <= MAX_FIELD_BYTES;
  return values.every(isGood) ? (Object.fromEntries(values) as Form) : undefined;
}
