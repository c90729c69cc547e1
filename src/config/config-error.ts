/**
 * An invalid setting or argument. The message names file, line and setting, or the variable.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** What to do about it, for whoever typed it. */
  readonly next: string | undefined;

  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}
