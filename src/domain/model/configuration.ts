/** The configuration as read at a start. */
export interface SeenConfiguration {
  /** JSON of settings by their paths, without secrets. */
  readonly settings: string;
  /** A hash of all secrets together; null: there are none. */
  readonly secrets: string | null;
}
