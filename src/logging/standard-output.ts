import { LineOutput } from './line-output.ts';
import { openOutput } from './output-file.ts';

const STDOUT = 1;

let shared: LineOutput | undefined;

/** Standard output, of which there is one: for the log, and for what the demo says. */
export function standardOutput(): LineOutput {
  if (!shared) {
    const output = new LineOutput(openOutput(STDOUT));
    process.once('exit', () => output.flushSync());
    shared = output;
  }
  return shared;
}
