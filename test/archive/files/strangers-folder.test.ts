import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DiskFiles } from '../../../src/archive/files/disk-files.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';

const NOBODY = 65_534;
const disk = new URL('../../../src/archive/files/disk-files.ts', import.meta.url).href;

/** Runs as a user who may not read everything. */
function asNobody(root: string): unknown {
  const program = `
    import { DiskFiles } from ${JSON.stringify(disk)};
    const files = new DiskFiles(${JSON.stringify(root)});
    const listed = [];
    await files.sweepUnfinished();
    for await (const { path } of files.list()) listed.push(path);
    console.log(JSON.stringify({ listed, isEmpty: await files.isEmpty() }));`;
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    ...user,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it('an unreadable lost+found is no recording, and hides none', async () => {
  const root = temporaryFolder();
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'lost+found'), { mode: 0o000 });
  expect(asNobody(root)).toEqual({ listed: [], isEmpty: true });
  const path = '0189a1a5-7a5c-4d3e-9c6a-0f2b7c3d4e5f/0-0.seg';
  await new DiskFiles(root).write(path, Buffer.from('sealed'));
  chmodSync(join(root, path, '..'), 0o755);
  writeFileSync(join(root, 'notes.txt'), 'ours');
  expect(asNobody(root)).toEqual({ listed: [path], isEmpty: false });
});
