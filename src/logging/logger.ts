import pino, { type Logger } from 'pino';
import { withoutCardNumbersInJson } from '../domain/redaction/card-numbers.ts';

/** Takes lines, each with its line end. */
export interface LineSink {
  write(line: string): void;
}

/** Creates the logger of the process. Card numbers are masked in every line. */
export function createLogger(level: string, output: LineSink | undefined): Logger {
  return pino({ level, hooks: { streamWrite: withoutCardNumbersInJson } }, output);
}
