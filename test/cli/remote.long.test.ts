import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, parseClock } from '../../src/cli/output.ts';
import { exitCodes } from '../../src/cli/remote.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { ffprobe } from '../support/audio/ffprobe.ts';
import type { MarkerCall } from '../support/calls.ts';
import { agent, ucc } from '../support/hush/hush.ts';
import { few, longTest } from '../support/length.ts';
import { type Ran, runHush } from './run-hush.ts';

let bench: ApiBench;
let live: MarkerCall;
let kept: { id: string; correlationId: string };
const folder = mkdtempSync(join(tmpdir(), 'hush-cli-'));

beforeAll(async () => {
  bench = await openBench({
    change: (config) => ({ ...config, auth: { ...config.auth, mode: 'none' } }),
  });
  kept = await record(bench, { frames: 60, commands: ['Mark'] });
  live = await bench.caller.call(bench.hush);
  await live.frames(3);
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

function hush(...args: string[]): Promise<Ran> {
  return runHush(args, { env: { HUSH_URL: bench.hush.api } });
}

describe('hush', () => {
  test('calls, and the commands', async () => {
    const { out } = await hush('call', 'list');
    expect(out).toMatch(/^correlation id +ucc +state +paused by +since +parties\n/);
    expect(out).toContain(`${live.correlationId}  ${ucc}`);
    const paused = await hush('call', 'pause', live.correlationId, '--requester', agent);
    expect(paused).toMatchObject({ code: 0, err: '' });
    expect(paused.out).toMatch(/state +mark +saving +in effect since\nPaused +None +None +\d{4}-/);
    const [call] = JSON.parse((await hush('call', 'list', '--json')).out);
    expect(call).toMatchObject({ recordingState: 'Paused', pausedBy: ['api'] });
    for (const name of few(['start', 'mark', 'unmark', 'delete', 'save'], 1)) {
      expect((await hush('call', name, call.id, '--requester', agent)).code).toBe(0);
    }
    const refused = await hush('call', 'start', live.correlationId, '--requester', agent);
    expect(refused.code).toBe(exitCodes.failed);
    expect(refused.err).toContain('Recorder state is Started, this state cannot be started');
  });

  test('recordings, found by what one knows of them', async () => {
    const { out } = await hush(
      'recording',
      'list',
      '--marked',
      '--longer',
      '0:01',
      '--from',
      '2026-01-01',
    );
    expect(out).toMatch(/^id +ucc +began +length +status +notes +parties\n/);
    expect(out).toContain(kept.id);
    expect(out).toContain('marked');
    expect((await hush('recording', 'list', '--gap', 'erased')).out).toBe('none\n');
    const found = JSON.parse((await hush('recording', 'list', '--json', '--limit', '1')).out);
    expect(found).toHaveLength(1);
  });

  longTest('export, with its sidecar', async () => {
    const file = join(folder, 'call.flac');
    const ran = await hush(
      'recording',
      'export',
      kept.correlationId,
      '--format',
      'flac',
      '--out',
      file,
    );
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain(`${file}.json`);
    expect(await ffprobe(readFileSync(file))).toMatchObject({ codec: 'flac', channels: 2 });
    const sidecar = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
    expect(sidecar).toMatchObject({ recordingId: kept.id, marks: [{ action: 'Mark' }] });
    const vcon = join(folder, 'call.vcon.json');
    await hush('recording', 'export', kept.id, '--format', 'vcon', '-o', vcon);
    expect(JSON.parse(readFileSync(vcon, 'utf8'))).toMatchObject({ vcon: '0.4.0', uuid: kept.id });
  });

  longTest('hold, erase, and what the archive is', async () => {
    const { id } = await record(bench, { frames: 60 });
    expect((await hush('recording', 'hold', id, '--reason', 'case 3')).out).toContain('case 3');
    const held = await hush('recording', 'erase', id, '--reason', 'x', '--whole');
    expect(held.code).toBe(exitCodes.failed);
    expect(held.err).toMatch(/^hush: The recording is under legal hold\.\n {2}url: {2}http:/);
    expect((await hush('recording', 'release', id, '--reason', 'case closed')).out).toContain(
      'none',
    );
    const part = await hush(
      'recording',
      'erase',
      id,
      '--reason',
      'x',
      '--from',
      '0.2',
      '--to',
      '0:00.6',
    );
    expect(part.out).toMatch(/done +0:00\.2 to 0:00\.6 +2 /);
    const whole = await hush('recording', 'erase', id, '--reason', 'x', '--whole', '--json');
    expect(JSON.parse(whole.out)).toMatchObject({ state: 'done', startMs: null });
    expect((await hush('archive', 'check', '--deep')).code).toBe(0);
    writeFileSync(join(bench.hush.dataDir, 'recordings', kept.id, '7-7.seg'), 'left behind');
    const check = await hush('archive', 'check', '--remove');
    expect(check.code).toBe(exitCodes.found);
    expect(check.out).toContain(`orphan  ${kept.id}/7-7.seg`);
    expect((await hush('archive', 'check')).code).toBe(0);
    expect((await hush('archive', 'rotate-key')).out).toMatch(
      /^key +rewrapped +unopened\n[0-9a-f]{12} +\d+ +0/,
    );
  });

  test('watch, until it is interrupted', async () => {
    const { spawn } = await import('node:child_process');
    const child = spawn(
      process.execPath,
      ['src/main.ts', 'call', 'watch', '--ucc', ucc, '--since', '0', '--json'],
      { env: { ...process.env, HUSH_URL: bench.hush.api, NODE_NO_WARNINGS: '1' } },
    );
    let out = '';
    child.stdout.on('data', (data) => {
      out += data;
    });
    const lines = () => out.trim().split('\n').length;
    await expect.poll(lines, { timeout: 10_000 }).toBe(bench.hush.events.length);
    await bench.hush.command('Mark', live.correlationId);
    await expect.poll(lines, { timeout: 10_000 }).toBe(bench.hush.events.length);
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({ action: 'Mark', correlationId: live.correlationId });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  test.each([
    [['call', 'list', '--colour'], 'usage', "unknown option '--colour'"],
    [['call', 'pause', 'x'], 'usage', "required option '--requester <uri>'"],
    [['recording', 'export', 'x', '--format', 'mp3'], 'usage', 'wav, opus, flac, vcon'],
    [['recording', 'list', '--status', 'x'], 'usage', 'live, finishing, deleting, kept'],
    [['recording', 'list', '--saving', 'x'], 'usage', 'None, Save, Delete'],
    [['recording', 'list', '--gap', 'x'], 'usage', 'api, lease, hold, stop, loss'],
    [['call', 'list', '--ucc', 'x'], 'usage', `there is no UCC x; known are ${ucc}`],
    [['call', 'watch', '--ucc', 'x'], 'usage', `there is no UCC x; known are ${ucc}`],
    [['recording', 'list', '--ucc', 'x'], 'usage', `there is no UCC x; known are ${ucc}`],
    [['call', 'list', '--url', 'ftp://x'], 'usage', 'ftp://x is no address of Hush'],
    [['recording', 'erase', 'x', '--reason', 'y'], 'usage', 'give either --whole'],
    [['recording', 'list', '--longer', 'long'], 'usage', '--longer wants a length'],
    [['call', 'watch', '--since', '3'], 'usage', '--since wants --ucc'],
    [['call', 'list', '--url', 'http://127.0.0.1:1'], 'unreachable', 'Hush could not be reached'],
    [
      ['recording', 'export', '00000000-0000-4000-8000-000000000000'],
      'unknown',
      'No such recording.',
    ],
    [
      ['call', 'pause', 'nobody', '--requester', 'sip:a@b'],
      'unknown',
      'No such call is in progress.',
    ],
  ] as const)('%j ends with a code that says why', async (args, name, words) => {
    const { code, err, out } = await hush(...args);
    expect([code, out]).toEqual([exitCodes[name], '']);
    expect(err).toContain(words);
  });

  test('a token that does not hold', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'not.a.token\n');
    const { code, err } = await hush('call', 'list', '--token-file', file);
    expect(code).toBe(exitCodes.denied);
    expect(err).not.toContain('not.a.token');
  });
});

test('docs/reference/cli.md names every exit code', () => {
  const text = readFileSync(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (\d) \| `(\w+)` \|/gm)].map(([, code, name]) => [
    name,
    Number(code),
  ]);
  expect(Object.fromEntries(rows)).toEqual(exitCodes);
});

test.each([
  ['62.5', 62_500, '1:02.5'],
  ['1:02.5', 62_500, '1:02.5'],
  ['1:00:00', 3_600_000, '1:00:00.0'],
  ['0.25', 250, '0:00.3'],
])('%s is a time', (text, ms, shown) => {
  expect(parseClock(text)).toBe(ms);
  expect(clock(ms)).toBe(shown);
});

test.each(['', 'x', '1:2:3:4', '-5', '1:', '5s'])('%j is no time', (text) => {
  expect(parseClock(text)).toBeUndefined();
});
