/** This version cannot work on the database; the message is a whole sentence. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}
