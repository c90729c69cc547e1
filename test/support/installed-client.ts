import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const tsc = join(root, 'node_modules', '.bin', 'tsc');

/**
 * Builds and packs the client, and unpacks it below `folder` as npm installs it.
 * @returns its path
 */
export function installClient(folder: string): string {
  const copy = join(folder, 'build', 'client');
  cpSync(join(root, 'client'), copy, { recursive: true });
  rmSync(join(copy, 'dist'), { recursive: true, force: true });
  cpSync(join(root, 'tsconfig.json'), join(folder, 'build', 'tsconfig.json'));
  execFileSync(process.execPath, [tsc, '-p', copy], { cwd: copy });
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json'], { cwd: copy });
  const [{ filename }] = JSON.parse(String(packed)) as [{ filename: string }];
  const installed = join(folder, 'node_modules', '@hush', 'client');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['xf', join(copy, filename), '-C', installed, '--strip-components=1']);
  return installed;
}
