import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs of the distribution that the tests run as real peers, and the Debian package of each. */
const testPrograms = [
  { program: 'sipp', package: 'sip-tester', why: 'a SIP client of another make places the calls' },
  { program: 'ffprobe', package: 'ffmpeg', why: 'another tool reads the recordings' },
  { program: 'chromium', package: 'chromium', why: 'a browser listens from other origins' },
  { program: 'sox', package: 'sox', why: 'another tool checks the G.711 tables' },
  { program: 'python3', package: 'python3', why: 'an example in Python is run' },
  { program: 'curl', package: 'curl', why: 'what the documentation tells to type is typed' },
  { program: 'baresip', package: 'baresip-core', why: 'a user agent of another make calls' },
  { program: 'ip', package: 'iproute2', why: 'it calls in a network of its own' },
  { program: 'multimon-ng', package: 'multimon-ng', why: 'another detector listens for digits' },
];

/** Recorders of other makes that a bench runs beside Hush. */
export const peerPrograms = [
  {
    program: 'rtpengine',
    package: 'rtpengine-daemon',
    why: 'a media engine is paused beside Hush',
  },
];

/** @param {string} program */
function isInstalled(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Installs missing programs with apt-get if possible; else prints what to install, and fails.
 *
 * @param {readonly { program: string, package: string, why: string }[]} programs
 */
export function ensurePackages(programs = testPrograms) {
  const missing = programs.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return;
  for (const { program, package: name, why } of missing) {
    console.log(`hush: ${program} is missing (package ${name}): ${why}`);
  }
  const names = missing.map(({ package: name }) => name);
  const isRoot = process.getuid?.() === 0;
  if (isRoot && isInstalled('apt-get')) {
    console.log(`hush: apt-get install ${names.join(' ')} ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const stdio = ['ignore', 'ignore', 'inherit'];
    spawnSync('apt-get', ['update', '-qq'], { env, stdio });
    spawnSync('apt-get', ['install', '-y', '-qq', ...names], { env, stdio });
  }
  const still = missing.filter(({ program }) => !isInstalled(program));
  if (still.length === 0) return;
  const list = still.map(({ package: name }) => name).join(' ');
  console.error(`hush: these are needed; please install them: ${list}`);
  process.exit(1);
}
