import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ensureConsole } from './console.js';
import { ensurePackages } from './packages.js';
import { ensureDependencies, root, runtime } from './setup.js';

// The whole suite: installs what it needs, then checks style and types, then runs every test. The last
// line says how much passed and failed, a check counting as one.

ensureDependencies();
ensurePackages();
ensureConsole();

const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
let passed = 0;
let failed = 0;

/** @param {string} name @param {string[]} args a program of node_modules, run on Node 26 */
function check(name, args) {
  console.log(`\n${name}`);
  const { status } = spawnSync(runtime, args, { cwd: root, env, stdio: 'inherit' });
  if (status === 0) passed += 1;
  else failed += 1;
}

const only = process.argv.slice(2);
if (only.length === 0) {
  check('style (biome)', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']);
  const tsc = 'node_modules/typescript/bin/tsc';
  check('types (tsc)', [tsc, '--noEmit']);
  check('types of the client (tsc)', [tsc, '-p', 'client', '--noEmit']);
  check('types of the console (tsc)', [tsc, '-p', 'console', '--noEmit']);
}

console.log('\ntests (vitest)');
const folder = mkdtempSync(join(tmpdir(), 'hush-test-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  runtime,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...only,
  ],
  { cwd: root, env, stdio: 'inherit' },
);
const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined;
rmSync(folder, { recursive: true, force: true });
passed += results?.numPassedTests ?? 0;
failed += results?.numFailedTests ?? 0;
// A file that fails outside its tests, or a runner that ends without a report, is a failure too.
if (status !== 0 && (results?.numFailedTests ?? 0) === 0) failed += 1;
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
