// Runs on whichever Node npm itself runs on (20 or later), so it stays plain JavaScript.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node 26 of the package `node`: the one runtime of everything here. */
export const runtime = join(root, 'node_modules', '.bin', 'node');

const stampFile = join(root, 'node_modules', '.hush-installed');

/** Installs the locked dependencies unless this very lock file is installed already. */
export function ensureDependencies() {
  const lockFile = join(root, 'package-lock.json');
  // Installed as a dependency of something else: npm has done the work, and there is no lock file.
  if (!existsSync(lockFile)) return;
  // Linked from another checkout, which npm would empty through the link.
  const modules = join(root, 'node_modules');
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const wanted = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  const installed = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (installed === wanted && existsSync(runtime)) return;
  console.error('hush: installing dependencies (npm ci) ...');
  const npm = spawnSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.status !== 0) {
    console.error('hush: npm ci failed; see above');
    process.exit(1);
  }
  writeFileSync(stampFile, wanted);
}
