import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDependencies, root, runtime } from './setup.js';

/**
 * Runs one of the project's programs on Node 26 and exits with its code; signals are passed on.
 * @param {string[]} args script and arguments; the script's path is relative to the project's root
 */
export function runProgram([script, ...args]) {
  ensureDependencies();
  const node = existsSync(runtime) ? runtime : process.execPath;
  const child = spawn(node, [join(root, script), ...args], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 : (code ?? 1);
  });
}
