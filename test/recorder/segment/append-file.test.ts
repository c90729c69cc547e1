import { execFile } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppendFile } from '../../../src/recorder/segment/append-file.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { numberedRecord, numbersIn, RECORDS_OFFERED } from './numbered-records.ts';

const run = promisify(execFile);

describe('AppendFile', () => {
  let path = '';
  let failures: string[] = [];
  beforeEach(() => {
    path = join(temporaryFolder(), 'x.seg');
    failures = [];
  });
  afterEach(() => rmSync(join(path, '..'), { recursive: true, force: true }));

  function open(maxUnwrittenBytes = 1_000_000): AppendFile {
    const onFailed = (code: string): void => {
      failures.push(code);
    };
    return new AppendFile({ path, maxUnwrittenBytes, onFailed });
  }

  function closed(file: AppendFile): Promise<void> {
    return new Promise((resolve) => file.close(resolve));
  }

  it('writes in the order of append, all of it before it is closed', async () => {
    const file = open();
    for (let number = 0; number < 500; number += 1) {
      file.append(numberedRecord(number));
      if (number % 50 === 0) await new Promise(setImmediate);
    }
    await closed(file);
    expect(numbersIn(readFileSync(path))).toEqual(Array.from({ length: 500 }, (_, at) => at));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(failures).toEqual([]);
  });

  it('makes an empty file when nothing is appended', async () => {
    await closed(open());
    expect(statSync(path).size).toBe(0);
  });

  it('never writes into an existing file', async () => {
    const first = open();
    first.append(numberedRecord(1));
    await closed(first);
    const second = open();
    second.append(numberedRecord(2));
    await closed(second);
    expect(failures).toEqual(['EEXIST']);
    expect(numbersIn(readFileSync(path))).toEqual([1]);
  });

  it('reports a failure once, and still closes', async () => {
    const file = open(2500);
    for (let number = 0; number < 5; number += 1) file.append(numberedRecord(number));
    await closed(file);
    expect(failures).toEqual(['ETIMEDOUT']);
    expect(numbersIn(readFileSync(path))).toEqual([]);
  });

  it('cuts the file back to its last whole record when a write stops half way', async () => {
    const entry = fileURLToPath(new URL('./append-entry.ts', import.meta.url));
    const limitKib = 12;
    const command = `ulimit -f ${limitKib}; exec "$0" "$1" "$2"`;
    const { stdout } = await run('bash', ['-c', command, process.execPath, entry, path]);
    expect(stdout).toMatch(/^(EFBIG|ENOSPC)\nclosed\n$/);
    const numbers = numbersIn(readFileSync(path));
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(numbers.length).toBeGreaterThanOrEqual(9);
    expect(numbers.length).toBeLessThan(RECORDS_OFFERED);
  });
});
