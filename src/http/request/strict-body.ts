import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { MAX_REASON_LENGTH, reasonPattern } from '../../domain/redaction/client-text.ts';

/** The reason for a change that cannot be undone; the audit log keeps it for ever. */
export const reasonSchema = Type.String({
  ...{ minLength: 1, maxLength: MAX_REASON_LENGTH, pattern: reasonPattern },
  description: 'Why; kept for ever in the audit log',
});

/** Converts nothing and ignores nothing: a misspelt setting, or `null`, is refused. */
export const strict =
  ({ schema }: { schema: TSchema }) =>
  (data: unknown) => {
    const errors = Value.Errors(schema, data).filter((error) => error.keyword !== 'boolean');
    if (errors.length === 0) return { value: data };
    return { error: errors.map((error) => ({ ...error, params: { ...error.params } })) };
  };

/** Validates like `strict`, and lets a request without a body through. */
export const strictOrNothing = (part: { schema: TSchema; httpPart?: string | undefined }) => {
  const validate = strict(part);
  return (data: unknown) =>
    part.httpPart === 'body' && data === null ? { value: data } : validate(data);
};
