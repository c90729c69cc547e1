import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const debianPackages = {
  baresip: 'baresip-core',
  curl: 'curl',
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  ip: 'iproute2',
  'multimon-ng': 'multimon-ng',
  openssl: 'openssl',
  python3: 'python3',
  sipp: 'sip-tester',
  sox: 'sox',
  unshare: 'util-linux',
} as const;

/**
 * Returns the path of a program that tests need. Throws with its Debian package if it is missing:
 * no test is skipped.
 */
export function programPath(name: keyof typeof debianPackages): string {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin');
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  throw new Error(`${name} is missing; install it with: apt-get install ${debianPackages[name]}`);
}

/** Runs a program on `input`; resolves with its output, rejects with its error output. */
export async function runProgram(
  name: keyof typeof debianPackages,
  args: readonly string[],
  input: Buffer = Buffer.alloc(0),
): Promise<Buffer> {
  const child = spawn(programPath(name), args);
  const output: Buffer[] = [];
  const complaints: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
  // A program that has read enough closes its input early.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${Buffer.concat(complaints)}`);
  return Buffer.concat(output);
}
