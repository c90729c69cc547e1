// Runs on whichever Node npm itself runs on (20 or later), so it stays plain JavaScript.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.js';

const folder = join(root, 'release');

/** Builds and packs the package of a folder into `release`. */
function pack(name) {
  const options = ['pack', '--pack-destination', folder, '--loglevel=error'];
  const { status } = spawnSync('npm', options, { cwd: join(root, name), stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

for (const name of ['release', 'dist', 'client/dist']) {
  rmSync(join(root, name), { recursive: true, force: true });
}
mkdirSync(folder);
pack('.');
pack('client');
const sums = readdirSync(folder)
  .sort()
  .map((file) => {
    const sum = createHash('sha256').update(readFileSync(join(folder, file)));
    return `${sum.digest('hex')}  ${file}\n`;
  });
// As `sha256sum --check` reads them.
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
