import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { LineOutput } from '../../src/logging/line-output.ts';
import { openOutput } from '../../src/logging/output-file.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { linesOf } from '../support/hush/served-hush.ts';

/** Whoever waits for a reader waits for ever; a busy machine takes its time all the same. */
const NOT_BLOCKED_MS = 5_000;
const LINES = 40_000;
const MAX_BUFFER_BYTES = 65_536;
const { O_NONBLOCK, O_RDONLY, O_WRONLY, O_CREAT } = constants;

const folder = temporaryFolder();
const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd);
  rmSync(folder, { recursive: true, force: true });
});

function opened(path: string, flags: number): number {
  const fd = openSync(path, flags);
  open.push(fd);
  return fd;
}

/** An output for the file, and what it reports. */
function outputTo(fd: number) {
  const reports: string[] = [];
  let dropped = 0;
  const output = new LineOutput(openOutput(fd));
  const listener = {
    onFailing: (why: string) => void reports.push(`failing: ${why}`),
    onRecovered: (lines: number) => void reports.push(`recovered: ${lines}`),
    onDropped: () => {
      dropped += 1;
    },
  };
  output.listen(listener, MAX_BUFFER_BYTES);
  return { output, reports, dropped: () => dropped };
}

/** How long the longest of many writes kept its caller waiting, ms. */
function writeLines(output: LineOutput, from = 0): number {
  let longest = 0;
  for (let number = from; number < from + LINES; number += 1) {
    const begun = performance.now();
    output.write(`line ${number} ${'x'.repeat(90)}\n`);
    longest = Math.max(longest, performance.now() - begun);
  }
  return longest;
}

function pipe(): { fd: number; reader: number } {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = opened(path, O_RDONLY | O_NONBLOCK);
  return { fd: opened(path, O_WRONLY), reader };
}

function readAll(reader: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const bytes = readSync(reader, chunk);
      if (bytes === 0) return text;
      text += chunk.toString('latin1', 0, bytes);
    } catch {
      return text;
    }
  }
}

const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const number = /^line (\d+) x{90}$/.exec(line)?.[1];
      if (number === undefined) throw new Error(`a torn line: ${line}`);
      return Number(number);
    });

describe('lines for an output that takes them', () => {
  test('all arrive, in their order', async () => {
    const file = join(temporaryFolder(), 'log');
    const { output, reports } = outputTo(opened(file, O_WRONLY | O_CREAT));
    for (let number = 0; number < 100; number += 1) output.write(`line ${number}\n`);
    await expect.poll(() => linesOf(file).length).toBe(100);
    expect(linesOf(file)).toEqual(Array.from({ length: 100 }, (_, number) => `line ${number}`));
    expect(reports).toEqual([]);
  });
});

describe('lines for an output that takes none', () => {
  test('a pipe that nobody reads: they are dropped, whole, and counted until it is read', async () => {
    const { fd, reader } = pipe();
    const { output, reports, dropped } = outputTo(fd);
    expect(writeLines(output)).toBeLessThan(NOT_BLOCKED_MS);
    expect(dropped()).toBeGreaterThan(LINES / 2);
    expect(reports).toHaveLength(1);
    let text = '';
    await expect
      .poll(() => {
        text += readAll(reader);
        return reports;
      })
      .toEqual([expect.stringMatching(/^failing: /), `recovered: ${dropped()}`]);
    text += readAll(reader);
    const numbers = numbersIn(text);
    expect(numbers).toHaveLength(LINES - dropped());
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    output.write('line 7 and the rest\n');
    expect(readAll(reader)).toBe('line 7 and the rest\n');
  });

  test('a pipe whose reader is gone', () => {
    const { fd, reader } = pipe();
    const { output, reports, dropped } = outputTo(fd);
    closeSync(reader);
    open.splice(open.indexOf(reader), 1);
    expect(writeLines(output)).toBeLessThan(NOT_BLOCKED_MS);
    expect(dropped()).toBeGreaterThan(LINES / 2);
    expect(reports).toEqual([expect.stringContaining('EPIPE')]);
  });

  test('a device that is full', () => {
    const { output, reports, dropped } = outputTo(opened('/dev/full', O_WRONLY));
    expect(writeLines(output)).toBeLessThan(NOT_BLOCKED_MS);
    expect(dropped()).toBeGreaterThan(LINES / 2);
    expect(reports).toEqual([expect.stringContaining('ENOSPC')]);
    output.flushSync();
  });

  test('a process that ends writes what it can, and waits for nobody', () => {
    const { fd, reader } = pipe();
    const { output } = outputTo(fd);
    writeLines(output);
    const begun = performance.now();
    output.flushSync();
    expect(performance.now() - begun).toBeLessThan(NOT_BLOCKED_MS);
    expect(numbersIn(readAll(reader).split('\n').slice(0, -1).join('\n')).length).toBeGreaterThan(
      0,
    );
  });
});
