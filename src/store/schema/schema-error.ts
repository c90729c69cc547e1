/** The database is not one that this version can work on; the message is a whole sentence. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
}
