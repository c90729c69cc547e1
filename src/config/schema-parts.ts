import { Type } from 'typebox';

export const closed = { additionalProperties: false } as const;
export const port = (preset: number) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: preset });
export const count = (preset: number, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, default: preset });
export const section = <Properties extends Record<string, Type.TSchema>>(properties: Properties) =>
  Type.Object(properties, { ...closed, default: {} });
export const oneOf = <Value extends string>(values: readonly Value[], preset: Value) =>
  Type.Unsafe<Value>({ type: 'string', enum: [...values], default: preset });

export const certificateFiles = {
  /** PEM files; both are reloaded when they change. */
  certFile: Type.Optional(Type.String()),
  keyFile: Type.Optional(Type.String()),
  /** Certificate authorities; clients are asked for a certificate of theirs. */
  caFile: Type.Optional(Type.String()),
  minVersion: oneOf(['TLSv1.2', 'TLSv1.3'], 'TLSv1.2'),
};
