/** Seconds after which a client may ask again, by what keeps Hush from answering now. */
export const retryAfterSeconds = {
  /** A disk or bucket is away, or every export is taken. */
  audio: 10,
  /** The database does not answer. */
  store: 2,
  /** Another process takes over, or the same one starts again. */
  stopping: 2,
  /** The keys of an issuer cannot be fetched. */
  issuer: 5,
} as const;
