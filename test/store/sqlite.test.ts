import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { aCall } from './samples.ts';

describe('SQLite', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps every resolved commit of a process that was killed', async () => {
    const file = join(folder, 'killed.sqlite');
    const entry = fileURLToPath(new URL('./commit-forever.ts', import.meta.url));
    const child = spawn(process.execPath, [entry, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const named: string[] = [];
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      named.push(line);
      if (named.length === 200) child.kill('SIGKILL');
    });
    const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
    expect(signal).toBe('SIGKILL');
    const store = await SqlStore.open(openSqlite(file));
    const there = new Set((await store.unsettledCalls()).map(({ id }) => id));
    await store.close();
    const whole = named.filter((line) => line.length === 36);
    expect(whole.length).toBeGreaterThanOrEqual(200);
    expect(whole.filter((id) => !there.has(id))).toEqual([]);
  });

  it('reports a file that cannot be opened', async () => {
    await expect(SqlStore.open(openSqlite(folder))).rejects.toThrow(/unable to open/);
  });

  it('rejects at once after its thread has ended', async () => {
    const store = await SqlStore.open(openSqlite(join(folder, 'ended.sqlite')));
    await store.close();
    await expect(store.commit({ call: aCall() })).rejects.toThrow('the database thread ended');
    await expect(store.unsettledCalls()).rejects.toThrow();
  });
});
