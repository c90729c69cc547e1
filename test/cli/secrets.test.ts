import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHush } from './run-hush.ts';

const folder = new URL('../../src/cli/', import.meta.url);
const options = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
  if (!entry.isFile()) return [];
  const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
  return [...source.matchAll(/'(?:-\w, )?(--[\w-]+)(?: <([\w:-]+)>)?/g)].map(([, flag, value]) => ({
    flag: flag ?? '',
    value: value ?? '',
  }));
});

test('no option takes a secret itself: every process of a machine reads command lines', () => {
  expect(options.length).toBeGreaterThan(40);
  const secret = /token|secret|password|passwd|key/;
  const taking = options.filter(({ flag, value }) => secret.test(flag) && value !== '');
  expect(new Set(taking.map(({ flag, value }) => `${flag} ${value}`))).toEqual(
    new Set(['--token-file file']),
  );
});

test('hush torture takes its token from a file', async () => {
  const usual = ['torture', '--sip', '127.0.0.1:1', '--api', 'http://127.0.0.1:1'];
  const typed = await runHush([...usual, '--token', 'secret'], {});
  expect(typed.code).toBe(2);
  expect(typed.err).toContain("unknown option '--token'");
  const missing = await runHush([...usual, '--token-file', '/nowhere/token'], {});
  expect(missing.err).toContain('/nowhere/token');
});
