import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { commandClient } from '../support/api.ts';
import { TestCaller } from '../support/calls.ts';
import { agent, ucc } from '../support/hush/hush.ts';
import { ServePlace } from '../support/hush/served-hush.ts';
import { few, longTest } from '../support/length.ts';
import { programPath } from '../support/programs.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** Limit of lines waiting in memory: small, so that few lines fill it. */
const MAX_BUFFER_BYTES = 4_096;
const MAX_LINES = 2_000;
/** Delay of a command by a log that does not block, on a busy machine. */
const ANSWERED_WITHIN_MS = 2_000;

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const run of undo.splice(0).reverse()) await run();
});

interface Output {
  /** Parts of a shell command before and after `"$@"`. */
  readonly before?: string;
  readonly redirect: string;
  /** Stops the reader. */
  cut?(child: ChildProcess): void;
  /** Accepts output again; returns what was written. */
  mend?(child: ChildProcess): string;
}

/** Runs `hush serve` with its standard output and error redirected by a shell. */
async function serve(at: ServePlace, output: Output): Promise<ChildProcess> {
  const file = join(at.folder, 'hush.yaml');
  writeFileSync(file, JSON.stringify(at.settings));
  const script = `${output.before ?? ''} exec ${output.redirect}`;
  const child = spawn(
    programPath('unshare'),
    [
      ...['--user', '--map-root-user', '--mount', 'sh', '-c', script, at.folder],
      ...[process.execPath, main, 'serve', '-c', file],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  );
  undo.push(() => child.kill('SIGKILL'));
  await expect
    .poll(async () => (await fetch(`${at.api}/api/health`).catch(() => undefined))?.status, {
      timeout: 60_000,
    })
    .toBe(200);
  return child;
}

function fifo(at: ServePlace): number {
  const path = join(at.folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  undo.push(() => closeSync(reader));
  return reader;
}

function readAll(reader: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  try {
    for (let bytes = -1; bytes !== 0; ) {
      bytes = readSync(reader, chunk);
      text += chunk.toString('utf8', 0, bytes);
    }
  } catch {
    // Nothing more for now.
  }
  return text;
}

const outputs: Record<string, (at: ServePlace) => Output> = {
  'a file on a full disk': () => ({
    before: 'mkdir "$0/small" && mount -t tmpfs -o size=16k,mode=700 tmpfs "$0/small" &&',
    redirect: '"$@" > "$0/small/log" 2>&1',
  }),
  'a pipe that nobody reads': (at) => {
    const reader = fifo(at);
    return { redirect: '"$@" > "$0/pipe" 2>&1', mend: () => readAll(reader) };
  },
  'a pipe that was closed': (at) => {
    const path = join(at.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { redirect: '"$@" > "$0/pipe" 2>&1', cut: () => closeSync(reader) };
  },
  'a socket that nobody reads': () => ({ redirect: '"$@" 2>&1' }),
  'a socket that was closed': () => ({
    redirect: '"$@" 2>&1',
    cut: ({ stdout }) => void stdout?.destroy(),
  }),
  'a terminal that was stopped': (at) => {
    const reader = fifo(at);
    const line = 'script -qfc "$(printf "%s " "$@")" /dev/null > "$0/pipe"';
    return { redirect: line, mend: () => readAll(reader) };
  },
};

interface Alarm {
  readonly kind: string;
  readonly clearedAt: string | null;
}

async function logAlarms(at: ServePlace): Promise<Alarm[]> {
  const { items } = (await (await fetch(`${at.api}/api/alarms?kind=logFailed`)).json()) as {
    items: Alarm[];
  };
  return items;
}

async function droppedLines(at: ServePlace): Promise<number> {
  const metrics = await (await fetch(`${at.api}/metrics`)).text();
  return Number(/^hush_log_lines_dropped_total (\d+)$/m.exec(metrics)?.[1]);
}

describe.each(few(Object.keys(outputs), 1))('a log that goes to %s', (kind) => {
  longTest(
    'stops nobody: a Pause is carried out, one alarm tells, the lines are counted',
    async () => {
      const one = { useAudioRecording: true, agentCanEditAudioRecording: true, agents: [agent] };
      const at = await ServePlace.create({
        log: { maxBufferBytes: MAX_BUFFER_BYTES },
        uccs: [
          { name: ucc, ...one },
          { name: 'ucc-other', ...one },
        ],
      });
      undo.push(() => rmSync(at.folder, { recursive: true, force: true }));
      const output = outputs[kind]?.(at) as Output;
      const child = await serve(at, output);
      const caller = await TestCaller.open();
      undo.push(() => caller.userAgent.close());
      const placed = await caller.call(at);
      await placed.frames(20);
      output.cut?.(child);
      // A session of another UCC with a live call's correlation id raises an alarm, and so logs a
      // line.
      const stray = { correlationId: placed.correlationId, uccName: 'ucc-other' };
      for (let lines = 0; (await droppedLines(at)) === 0; lines += 20) {
        expect(lines).toBeLessThan(MAX_LINES);
        await Promise.allSettled(Array.from({ length: 20 }, () => caller.call(at, stray)));
      }
      const askedAt = performance.now();
      const answer = await commandClient(at.api)('Pause', placed.correlationId);
      expect(answer.ErrorMessage).toBeNull();
      expect(performance.now() - askedAt).toBeLessThan(ANSWERED_WITHIN_MS);
      expect(await logAlarms(at)).toMatchObject([{ clearedAt: null }]);
      if (output.mend) await expectMended(at, () => output.mend?.(child) ?? '');
      await placed.call.end();
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect([0, null]).toContain(await exited);
    },
  );
});

async function expectMended(at: ServePlace, read: () => string): Promise<void> {
  let text = '';
  await expect
    .poll(
      () => {
        text += read();
        return text;
      },
      { interval: 20 },
    )
    .toMatch(/"dropped":[1-9]\d*,.*the log is written again/);
  const entries = text.split('\n').filter((line) => line.startsWith('{'));
  for (const line of entries) JSON.parse(line);
  await expect.poll(() => logAlarms(at)).toMatchObject([{ clearedAt: expect.any(String) }]);
}

test('an uncaught error shuts the gates and ends the process', async () => {
  const at = await ServePlace.create();
  undo.push(() => rmSync(at.folder, { recursive: true, force: true }));
  const preload = new URL('../support/throwing.ts', import.meta.url).href;
  const hush = await at.start({ environment: { NODE_OPTIONS: `--import ${preload}` } });
  const caller = await TestCaller.open();
  undo.push(() => caller.userAgent.close());
  const placed = await caller.call(at);
  await placed.frames(20);
  expect(await hush.end('SIGUSR2')).toEqual({ code: 70, signal: null });
  expect(hush.out).toContain('thrown for a test');
  const next = await at.start();
  undo.push(() => next.end('SIGKILL'));
  const { items } = (await (await fetch(`${at.api}/api/calls`)).json()) as { items: unknown[] };
  expect(items).toHaveLength(1);
  await placed.call.end();
});
