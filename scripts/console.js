import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runtime } from './setup.js';

const inputs = ['console/src', 'console/public', 'client/src'];
const files = ['console/index.html', 'console/vite.config.ts', 'package-lock.json'];
const stampFile = join(root, 'console', 'dist', '.stamp');

/** Builds the web console unless it was built from these very sources. */
export function ensureConsole() {
  // A published package contains the built console.
  if (!existsSync(join(root, 'console', 'src'))) return;
  const wanted = digest();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  console.error('hush: building the web console (vite build) ...');
  const build = spawnSync(
    runtime,
    ['node_modules/vite/bin/vite.js', 'build', '--config', 'console/vite.config.ts'],
    { cwd: root, stdio: ['ignore', 2, 2] },
  );
  if (build.status !== 0) {
    console.error('hush: the console could not be built; see above');
    process.exit(1);
  }
  writeFileSync(stampFile, wanted);
}

function digest() {
  const hash = createHash('sha256');
  const found = inputs.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...found.sort(), ...files.map((name) => join(root, name))]) {
    hash.update(file.slice(root.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}
