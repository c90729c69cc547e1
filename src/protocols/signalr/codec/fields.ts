import { ProtocolError } from './errors.ts';

/** Checks of single fields, shared by both encodings. Each throws ProtocolError. */

export function textField(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new ProtocolError(`'${name}' is not a string.`);
  return value;
}

/** Accepts null, which some clients write for absent fields. */
export function optionalTextField(value: unknown, name: string): string | undefined {
  return value === undefined || value === null ? undefined : textField(value, name);
}

export function listField(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new ProtocolError(`'${name}' is not an array.`);
  return value;
}

/** Clients before 3.0 do not support streams and omit the field. */
export function streamIdsField(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return listField(value, 'streamIds').map((id) => textField(id, 'streamIds'));
}

export function sequenceField(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ProtocolError("'sequenceId' is not a sequence number.");
  }
  return value;
}
