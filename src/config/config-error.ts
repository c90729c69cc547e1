/**
 * An invalid setting or argument. The message names file, line and setting, or the variable.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Suggested next step. */
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
