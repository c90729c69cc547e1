import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/remote.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { temporaryFolder, ucc } from '../support/hush/hush.ts';
import { few, longTest } from '../support/length.ts';
import { freePort } from '../support/ports.ts';
import { type Ran, runHush } from './run-hush.ts';

const folder = temporaryFolder();
let bench: ApiBench;
let kept: { id: string };

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
  kept = await record(bench, { frames: 20 });
});
afterAll(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

function hush(...args: string[]): Promise<Ran> {
  return runHush(args, { env: { HUSH_URL: bench.hush.api } });
}

describe('an error', () => {
  test('names the address, the cause and the next step', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { err } = await hush('call', 'list', '--url', url);
    expect(err).toBe(
      [
        'hush: Hush could not be reached: nothing listens there (ECONNREFUSED)',
        `  url:  ${url}`,
        '  next: start it with hush serve, or say where it is: --url or HUSH_URL',
        '',
      ].join('\n'),
    );
  });

  longTest('names the list to look in for what is unknown', async () => {
    const { err } = await hush('recording', 'export', '00000000-0000-4000-8000-000000000000');
    expect(err).toContain(
      `url:  ${bench.hush.api}\n  next: see what there is: hush recording list`,
    );
  });

  test.each(
    few([
      ['unreachable', ['call', 'list', '--url', 'http://nowhere.invalid']],
      ['unknown', ['call', 'pause', 'nobody', '--requester', 'sip:a@b']],
      ['usage', ['call', 'pause', 'x']],
      ['usage', ['call', 'list', '--ucc', 'x']],
      ['usage', ['recording', 'erase', 'x', '--reason', 'y']],
      ['usage', ['user', 'list', '--config', '/nowhere.yaml']],
    ] as const),
  )('is JSON for scripts: %s of %j', async (code, args) => {
    const ran = await hush(...args, '--json');
    expect([ran.code, ran.out]).toEqual([exitCodes[code], '']);
    const { error } = JSON.parse(ran.err);
    expect(Object.keys(error)).toEqual(['code', 'message', 'url', 'next']);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/\w/);
  });

  longTest('of a torture comes before its scenarios', async () => {
    const api = `http://127.0.0.1:${await freePort()}`;
    const torture = (...more: string[]) => hush('torture', '--sip', '127.0.0.1:5060', ...more);
    const away = await torture('--api', api);
    expect(away.code).toBe(exitCodes.unreachable);
    expect(away.err).toContain(`(ECONNREFUSED)\n  url:  ${api}\n  next: start it`);
    const unknown = await torture('--api', bench.hush.api, '--ucc', 'nobodys');
    expect(unknown.code).toBe(exitCodes.failed);
    expect(unknown.err).toContain('nobodys');
    const guard = await torture('--api', bench.hush.api, '--ucc', ucc, '--guard', '250');
    expect(guard.err).toContain('--guard must be a duration with its unit: 300ms');
  });

  longTest('of a noun without a verb shows the verbs', async () => {
    const { code, err } = await hush('recording');
    expect(code).toBe(exitCodes.usage);
    const verbs = [...err.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, verb]) => verb);
    expect(verbs).toEqual(['list', 'export', 'erase', 'hold', 'release']);
  });
});

describe('an export', () => {
  longTest('overwrites nothing unless it is told to', async () => {
    const file = join(folder, 'call.wav');
    writeFileSync(file, 'mine');
    const refused = await hush('recording', 'export', kept.id, '--out', file);
    expect(refused.code).toBe(exitCodes.usage);
    expect(refused.err).toContain(`${file} is there already`);
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const forced = await hush('recording', 'export', kept.id, '--out', file, '--force');
    expect(forced).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(file).toString('latin1', 0, 4)).toBe('RIFF');
    rmSync(file);
    const beside = await hush('recording', 'export', kept.id, '--out', file);
    expect(beside.err).toContain(`${file}.json is there already`);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a command on the store', () => {
  const emptyFolder = join(folder, 'empty');
  const dataDir = join(folder, 'data');
  mkdirSync(emptyFolder);

  test.each(
    few([
      ...['user add eva --role admin', 'user passwd eva', 'user list', 'user remove eva'],
      ...['client add x', 'client list', 'client remove x', 'backup out', 'restore out'],
    ]),
  )('hush %s makes nothing without a configuration', async (args) => {
    const ran = await runHush(args.split(' '), { cwd: emptyFolder, input: 'correct horse\n' });
    expect([ran.code, ran.out]).toEqual([exitCodes.usage, '']);
    expect(ran.err).toContain('no configuration is given, and the data folder');
    expect(ran.err).toContain('--config FILE');
    expect(existsSync(join(emptyFolder, 'data'))).toBe(false);
  });

  test('reads no store that is not there yet, but begins one with the first user', async () => {
    const env = { HUSH_DATA_DIR: dataDir };
    const early = await runHush(['user', 'list'], { env });
    expect([early.code, existsSync(dataDir)]).toEqual([exitCodes.usage, false]);
    expect(early.err).toContain(`the data folder ${dataDir} holds no store`);
    const file = join(folder, 'hush.yaml');
    writeFileSync(file, `dataDir: ${dataDir}\nuccs: [{ name: ${ucc} }]\n`);
    const add = (name: string) =>
      runHush(['user', 'add', 'eva', '--role', 'auditor', '--ucc', name, '--config', file], {
        input: 'correct horse battery\n',
      });
    expect((await add('other')).err).toContain(`there is no UCC other; known are ${ucc}\n`);
    expect(await add(ucc)).toMatchObject({ code: 0, err: '' });
  });
});

test('hush --version is the version of the package', async () => {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8'));
  expect(await hush('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test.each(
  few(
    [
      ['recording export', 'choices: "wav", "opus", "flac", "vcon"'],
      ['recording list', 'choices: "live", "finishing", "deleting", "kept", "destroyed"'],
      ['user add', 'choices: "integrator", "agent", "supervisor", "auditor", "admin"'],
    ],
    1,
  ),
)('the help of hush %s lists what an option takes', async (command, words) => {
  const { out } = await hush(...command.split(' '), '--help');
  expect(out.replace(/\s+/g, ' ')).toContain(words);
});
