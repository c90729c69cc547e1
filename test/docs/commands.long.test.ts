import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/logging/logger.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { few, sized } from '../support/length.ts';
import { tenantId } from '../support/people.ts';
import { programPath } from '../support/programs.ts';
import { projectFiles, readProjectFile } from '../support/tidy/sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = projectFiles(['README.md', 'docs', 'examples', 'deploy'], ['.md']);

interface Block {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** The commands that a page tells its reader to type. */
function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  const lines = readProjectFile(page).split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    if (lines[index] !== '```sh') continue;
    const end = lines.indexOf('```', index);
    blocks.push({ page, line: index + 2, text: lines.slice(index + 1, end).join('\n') });
    index = end;
  }
  return blocks;
}

const blocks = pages.flatMap(blocksOf);
/** In the short run, of what people start with. */
const start = ['README.md', 'docs/start/first-minutes.md'];
const typed = blocks.filter(({ page }) => sized(start, pages).includes(page));
/** They are this very suite, or run until somebody stops them. */
const suite = 'npm test';
const lasting = typed.filter(({ text }) => /npm start$|hush serve|-N |serve\.js/m.test(text));
const others = typed.filter((block) => block.text !== suite && !lasting.includes(block));

const folder = temporaryFolder();
const bin = join(folder, 'shims');
const PASSWORD = 'correct-horse-battery';
let bench: ApiBench;
let secret = '';
let token = '';

beforeAll(async () => {
  const write = (line: string) => appendFileSync(join(folder, 'hush.log'), line);
  bench = await openBench({
    overrides: { logger: createLogger('info', { write }) },
    change: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'embedded', tenantId, anonymousRole: 'admin' },
    }),
  });
  mkdirSync(bin);
  const shim = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  // An error answer means that the command failed.
  shim('curl', `exec ${programPath('curl')} --fail-with-body "$@"`);
  // Runs the torture test briefly; its full length has tests of its own.
  shim(
    'hush',
    `[ "$1" = torture ] && set -- "$@" --calls 1 --pauses 1 --scenarios quiet\nexec "${process.execPath}" "${join(root, 'src', 'main.ts')}" "$@"`,
  );
  // Nothing is fetched: the tools are those of the checkout.
  const tools = join(root, 'node_modules', '.bin');
  shim('npx', `tool="$1"; shift; exec "${tools}/$tool" "$@"`);
  writeFileSync(join(folder, 'hush.yaml'), `dataDir: ${bench.hush.dataDir}\n`);
  copyFileSync(join(root, 'hush.example.yaml'), join(folder, 'hush.example.yaml'));
  symlinkSync(join(root, 'bin'), join(folder, 'bin'));
});
afterAll(() => bench.close());

function started(text: string, env: NodeJS.ProcessEnv, cwd: string): ChildProcess {
  return spawn('bash', ['-e', '-u', '-o', 'pipefail', '-c', text], {
    cwd,
    detached: true,
    env: {
      ...process.env,
      ...{ PATH: `${bin}:${process.env.PATH}`, NODE_NO_WARNINGS: '1' },
      ...{ HUSH_URL: bench.hush.api, TENANT: tenantId, SECRET: secret, TOKEN: token },
      PASSWORD,
      ...env,
    },
  });
}

/** npm commands run in the checkout. */
function placeOf(text: string): string {
  return /npm|examples\//.test(text) ? root : folder;
}

/** As this page's reader has it: where Hush is, and which call is meant. */
function asHere(text: string, correlationId: string): string {
  return text
    .replaceAll('http://127.0.0.1:8080', bench.hush.api)
    .replaceAll('127.0.0.1:5060', `127.0.0.1:${bench.hush.sipUdpPort}`)
    .replaceAll('1d6c6a58-6739-4f0c-98ff-0968292c8c30', correlationId)
    .replaceAll('"CorrelationId":"..."', `"CorrelationId":"${correlationId}"`);
}

describe('what the documentation tells to type works as it stands', () => {
  test.each(few(others, 1).map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s',
    { timeout: 60_000 },
    async (_, { text }) => {
      const { id } = await record(bench, { frames: 60 });
      const live = await bench.caller.call(bench.hush);
      await live.frames(3);
      const { correlationId } = live;
      const env = { CALL: correlationId, ID: correlationId, RECORDING: id };
      const child = started(asHere(text, correlationId), env, placeOf(text));
      child.stdin?.on('error', () => undefined).end(`${PASSWORD}\n`);
      const { code, out, err } = await ended(child);
      await live.call.end();
      expect(code, `${out}\n${err}`).toBe(0);
      // The contract says no with a status that says yes.
      expect(out).not.toMatch(/"ErrorType"/);
      secret = /^[\w-]{43}$/m.exec(out)?.[0] ?? secret;
      token = /"access_token":"([^"]+)"/.exec(out)?.[1] ?? token;
    },
  );

  test.each(few(lasting, 1).map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s, until it is stopped',
    { timeout: 60_000 },
    async (_, { text }) => {
      const live = await bench.caller.call(bench.hush);
      const env = {
        ...{ HUSH_DATA_DIR: temporaryFolder(), HUSH_HTTP_PORT: '0', HUSH_SIP_UDP_PORT: '0' },
        ...{ HUSH_SIP_TCP_PORT: '0', HUSH_RTP_PORT_MIN: '6000', HUSH_RTP_PORT_MAX: '6999' },
      };
      const child = started(asHere(text, live.correlationId), env, placeOf(text));
      child.stdin?.end();
      let out = '';
      child.stdout?.on('data', (data) => {
        out += data;
      });
      await expect
        .poll(() => out, { timeout: 40_000 })
        .toMatch(/ready|"type":"callBegan"|^http:/im);
      const over = ended(child);
      process.kill(-(child.pid as number), 'SIGTERM');
      await over;
      await live.call.end();
    },
  );

  test('there is something to type on the pages that people start with', () => {
    const with_ = new Set(blocks.map(({ page }) => page));
    for (const page of [...start, 'docs/operate/archive.md']) {
      expect(with_).toContain(page);
    }
  });
});

async function ended(child: ChildProcess): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (data) => {
    out += data;
  });
  child.stderr?.on('data', (data) => {
    err += data;
  });
  const code = await new Promise<number>((resolve) => child.once('close', resolve));
  return { code, out, err };
}
