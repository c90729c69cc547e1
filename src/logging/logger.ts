import pino, { type Logger } from 'pino';
import { withoutCardNumbersInJson } from '../domain/redaction/card-numbers.ts';

/** Where its lines go, each with its line end. */
export interface LineSink {
  write(line: string): void;
}

/** The process' logger. No card number reaches the log, whoever wrote it into what. */
export function createLogger(level: string, output: LineSink | undefined): Logger {
  return pino({ level, hooks: { streamWrite: withoutCardNumbersInJson } }, output);
}
