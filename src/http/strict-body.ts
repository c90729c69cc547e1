import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** Nothing is converted and nothing passed over: a setting misspelt, or `null`, changes nothing. */
export const strict =
  ({ schema }: { schema: TSchema }) =>
  (data: unknown) => {
    const errors = Value.Errors(schema, data).filter((error) => error.keyword !== 'boolean');
    if (errors.length === 0) return { value: data };
    return { error: errors.map((error) => ({ ...error, params: { ...error.params } })) };
  };
