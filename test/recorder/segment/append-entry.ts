import { AppendFile } from '../../../src/recorder/segment/append-file.ts';
import { numberedRecord, RECORDS_OFFERED } from './numbered-records.ts';

/*
 * Runs under a limit on the size of files: appends records until the system refuses, and goes on
 * offering.
 */
const file = new AppendFile({
  path: process.argv[2] ?? '',
  maxUnwrittenBytes: 1_000_000,
  onFailed: (code) => console.log(code),
});
for (let number = 0; number < RECORDS_OFFERED; number += 1) {
  file.append(numberedRecord(number));
  if (number % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
}
file.close(() => console.log('closed'));
