import pino, { type Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { withoutCardNumbersInJson } from '../domain/redaction/card-numbers.ts';
import type { LineOutput } from '../logging/line-output.ts';

/** The log on standard output, in which card numbers are masked. */
export function newLogger(config: Config, output: LineOutput | undefined): Logger {
  const { level } = config.log;
  return pino({ level, hooks: { streamWrite: withoutCardNumbersInJson } }, output);
}
