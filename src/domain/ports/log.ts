export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A log of lines with fields (docs/decisions/0026-the-log.md). Carries no digits that were dialled,
 * no card data, no keys, tokens or passwords, at any level.
 */
export interface Log {
  /** Its lines have these fields too. Each is bound once: JSON would hold it twice. */
  child(fields: LogFields): Log;
  /** Whoever has to format something asks first. */
  isLevelEnabled(level: LogLevel): boolean;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
