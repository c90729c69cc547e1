export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * A log of lines with fields (docs/decisions/0026-the-log.md). It carries no dialled digits, card
 * data, keys, tokens or passwords, at any level.
 */
export interface Log {
  /** Returns a log whose lines have these fields too. Bind each once: JSON would hold it twice. */
  child(fields: LogFields): Log;
  /** Returns false where formatting a line would be wasted. */
  isLevelEnabled(level: LogLevel): boolean;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
