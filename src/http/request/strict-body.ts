import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { MAX_REASON_LENGTH, reasonPattern } from '../../domain/redaction/client-text.ts';

/** Of what cannot be undone: kept for ever, in the audit log. */
export const reasonSchema = Type.String({
  ...{ minLength: 1, maxLength: MAX_REASON_LENGTH, pattern: reasonPattern },
  description: 'Why; kept for ever in the audit log',
});

/** Nothing is converted and nothing passed over: a setting misspelt, or `null`, changes nothing. */
export const strict =
  ({ schema }: { schema: TSchema }) =>
  (data: unknown) => {
    const errors = Value.Errors(schema, data).filter((error) => error.keyword !== 'boolean');
    if (errors.length === 0) return { value: data };
    return { error: errors.map((error) => ({ ...error, params: { ...error.params } })) };
  };

/** The same, where a request need not have a body. */
export const strictOrNothing = (part: { schema: TSchema; httpPart?: string | undefined }) => {
  const validate = strict(part);
  return (data: unknown) =>
    part.httpPart === 'body' && data === null ? { value: data } : validate(data);
};
