import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { temporaryFolder } from '../support/hush/hush.ts';
import { root, tsc } from '../support/installed-client.ts';
import { longTest } from '../support/length.ts';

const TEST_TIMEOUT_MS = 300_000;
const built = ['node_modules', '.git', 'dist', 'release', 'data'];

/** A copy of the checkout: others look into the builds of this one meanwhile. */
const checkout = temporaryFolder();
const consumer = temporaryFolder();
const release = join(checkout, 'release');

beforeAll(() => {
  cpSync(root, checkout, { recursive: true, filter: (path) => !built.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  execFileSync('npm', ['run', '--silent', 'release'], { cwd: checkout, stdio: 'pipe' });
}, TEST_TIMEOUT_MS);
afterAll(() => {
  for (const folder of [checkout, consumer]) rmSync(folder, { recursive: true, force: true });
});

function packed(name: string): string {
  return join(release, readdirSync(release).find((file) => file.startsWith(name)) ?? '');
}

describe('npm run release', () => {
  longTest('leaves two packages, and checksums that hold', () => {
    expect(readdirSync(release).toSorted()).toEqual([
      'SHA256SUMS',
      expect.stringMatching(/^hush-client-\d+\.\d+\.\d+\.tgz$/),
      expect.stringMatching(/^hush-recorder-\d+\.\d+\.\d+\.tgz$/),
    ]);
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: release });
  });

  longTest('the client is installed without a network, and typed by the names of the API', () => {
    writeFileSync(join(consumer, 'package.json'), '{"type":"module"}');
    const options = ['--offline', '--no-audit', '--no-fund', packed('hush-client')];
    execFileSync('npm', ['install', ...options], { cwd: consumer, stdio: 'pipe' });
    const installed = join(consumer, 'node_modules', '@hush', 'client');
    expect(readdirSync(installed).toSorted()).toEqual(['README.md', 'dist', 'package.json']);
    const program = `
      import { type Call, createHush, type Lease, orThrow, type Problem, type Recording } from '@hush/client';
      const hush = createHush({ url: 'https://hush.example.com' });
      const call: Call = orThrow(await hush.call('id').get());
      export const recordings: Recording[] = [];
      for await (const one of hush.recordings.list()) recordings.push(one);
      export const names: readonly string[] = call.uccNames;
      export type Parts = { lease: Lease; problem: Problem };
    `;
    writeFileSync(join(consumer, 'program.ts'), program);
    const strict = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
    const libraries = ['--lib', 'es2024,dom,dom.asynciterable', '--types', ''];
    execFileSync(process.execPath, [tsc, ...strict, ...libraries, 'program.ts'], { cwd: consumer });
  });

  longTest('the recorder runs from what is packed, its console and client with it', () => {
    const folder = join(consumer, 'recorder');
    cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    execFileSync('tar', ['xf', packed('hush-recorder'), '-C', folder, '--strip-components=1']);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const printed = execFileSync(process.execPath, [join(folder, 'bin', 'hush'), '--help']);
    expect(String(printed)).toContain('hush');
    const page = readFileSync(join(folder, 'console', 'dist', 'index.html'), 'utf8');
    expect(page).toContain('<script type="module"');
    expect(readdirSync(join(folder, 'console', 'dist', 'client'))).toEqual(
      expect.arrayContaining(['hush-client.js', 'hush-client.js.gz', 'hush-client.d.ts']),
    );
  });
});
