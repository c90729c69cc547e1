import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { ensureConsole } from './console.js';
import { ensurePackages } from './packages.js';
import { ensureDependencies, root, runtime } from './setup.js';

// Installs what it needs, then checks style and types, then runs every test but the long ones, which
// `--long` runs in their stead. The last line says how much passed and failed, a check counting as one.

ensureDependencies();
ensurePackages();
ensureConsole();

const bin = join(root, 'node_modules', '.bin');
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
let passed = 0;
let failed = 0;

/**
 * Runs a program of node_modules on Node 26, and prints what it says once it has ended.
 *
 * @param {string} name
 * @param {string[]} args
 */
async function check(name, args) {
  const child = spawn(runtime, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  const [status] = await once(child, 'close');
  console.log(`\n${name}\n${output.trimEnd()}`);
  if (status === 0) passed += 1;
  else failed += 1;
}

const isLong = process.argv[2] === '--long';
const only = process.argv.slice(isLong ? 3 : 2);
if (only.length === 0 && !isLong) {
  const tsc = 'node_modules/typescript/bin/tsc';
  await Promise.all([
    check('style (biome)', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
    check('types (tsc)', [tsc, '--noEmit']),
    check('types of the client (tsc)', [tsc, '-p', 'client', '--noEmit']),
    check('types of the console (tsc)', [tsc, '-p', 'console', '--noEmit']),
  ]);
}

/** @typedef {{ name: string, passed: number, failed: number }} File */

/**
 * @param {string[]} args
 * @returns {{ files: File[], errors: number }} `errors`: those outside every test, and a runner that
 *   failed for no reason it reported
 */
function tests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'hush-test-'));
  const report = join(folder, 'report.json');
  const projects = isLong
    ? ['long alone', 'long alone, dgram', 'long together']
    : ['alone', 'together'];
  const { status } = spawnSync(
    runtime,
    [
      ...['node_modules/vitest/vitest.mjs', 'run'],
      ...[...projects.map((project) => `--project=${project}`), ...args],
    ],
    { cwd: root, env: { ...env, HUSH_TEST_REPORT: report }, stdio: 'inherit' },
  );
  /** @type {ReturnType<typeof tests>} */
  const { files, errors } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : { files: [], errors: 1 };
  rmSync(folder, { recursive: true, force: true });
  const isExplained = status === 0 || errors > 0 || files.some((file) => file.failed > 0);
  const named = files.map((file) => ({ ...file, name: relative(root, file.name) }));
  return { files: named, errors: isExplained ? errors : 1 };
}

/** @param {readonly File[]} files */
function count(files) {
  for (const file of files) {
    passed += file.passed;
    failed += file.failed;
  }
}

/** Hush's promise depends on these: one failure in a hundred runs is a failure. */
const NEVER_REPEATED = ['test/recorder/', 'test/torture/'];
const MOST_REPEATED = 4;

console.log('\ntests (vitest)');
const { files, errors } = tests(only);
const broken = files.filter((file) => file.failed > 0);
const names = broken.map(({ name }) => name);
const mayRepeat =
  only.length === 0 &&
  // Whatever failed outside every test is not there to be run again.
  errors === 0 &&
  broken.length > 0 &&
  broken.length <= MOST_REPEATED &&
  !names.some((name) => NEVER_REPEATED.some((folder) => name.startsWith(folder)));
count(files.filter((file) => !broken.includes(file)));
failed += errors;
if (mayRepeat) {
  // Beside others on a busy machine a test may wait too long for what it awaits. Not hidden: a file
  // that passes alone is a fault of the file, which its name in the last lines asks to mend.
  console.log(`\nagain, alone: ${names.join(', ')}`);
  const again = tests(['--maxWorkers=1', ...names]);
  count(again.files);
  failed += again.errors;
  if (again.errors === 0 && again.files.every((file) => file.failed === 0)) {
    console.log(`\npassed only when run alone: ${names.join(', ')}`);
  }
} else {
  count(broken);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
