/** No power of two: a limit on a file's size falls into the middle of a record. */
export const RECORD_BYTES = 1000;
export const RECORDS_OFFERED = 40;

export function numberedRecord(number: number): Buffer {
  return Buffer.alloc(RECORD_BYTES, `${number};`.padStart(8));
}

/** The numbers of the whole records in `bytes`; throws where there is anything else. */
export function numbersIn(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const number = Number.parseInt(bytes.toString('latin1', at, at + 8), 10);
    if (!bytes.subarray(at, at + RECORD_BYTES).equals(numberedRecord(number))) {
      throw new Error(`no whole record at ${at}`);
    }
    numbers.push(number);
  }
  return numbers;
}
