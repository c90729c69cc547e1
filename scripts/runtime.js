import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, root, runtime } from './setup.js';

const passedOn = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs one of the project's programs on Node 26, in the place of this process where the system can
 * do that: then signals, exit code and process id are the program's own. Else a child runs it.
 * @param {string[]} args script and arguments; the script's path is relative to the project's root
 */
export function runProgram([script, ...args]) {
  ensureDependencies();
  const node = existsSync(runtime) ? runtime : process.execPath;
  const command = [join(root, script), ...args];
  // Node 20 cannot do it, nor can Windows.
  if (process.execve && process.platform !== 'win32') {
    process.execve(node, [node, ...command], process.env);
  }
  runChild(node, command);
}

/**
 * Passes signals on and takes the child's exit code. The channel between the two breaks when this
 * process is killed, and the program then stops as on SIGTERM (`src/main.ts`).
 * @param {string} node @param {string[]} command
 */
function runChild(node, command) {
  const child = spawn(node, command, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
  });
}
