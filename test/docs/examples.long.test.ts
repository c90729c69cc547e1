import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { agent, temporaryFolder, ucc } from '../support/hush/hush.ts';
import { installClient, root } from '../support/installed-client.ts';
import { longTest } from '../support/length.ts';
import { freePort } from '../support/ports.ts';
import { programPath } from '../support/programs.ts';

const folder = temporaryFolder();
const children: ChildProcess[] = [];
let client: string;
let bench: ApiBench;
let live: MarkerCall;
let browser: Browser;
let page: Page;
let port: number;

beforeAll(async () => {
  client = installClient(folder);
  port = await freePort();
  bench = await openBench({
    change: (config) => ({
      ...config,
      http: { ...config.http, allowedOrigins: [`http://127.0.0.1:${port}`] },
    }),
  });
  live = await bench.caller.call(bench.hush);
  await live.frames(3);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await browser.newPage();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill();
});
afterAll(async () => {
  await browser?.close();
  await live?.call.end();
  await bench?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves with the address that the program prints. */
async function started(args: string[], env: NodeJS.ProcessEnv = {}, cwd = root): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } });
  children.push(child);
  let out = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  await expect.poll(() => out, { timeout: 10_000 }).toContain('http://');
  return out.trim();
}

async function open(example: string): Promise<void> {
  const args = ['examples/serve.js', example, String(port)];
  const address = await started(args, { HUSH_CLIENT: join(client, 'dist') });
  await page.goto(`${address}?hush=${bench.hush.api}&agent=${agent}`);
}

async function pausedBy(): Promise<string[]> {
  return (await bench.hush.get(`/api/calls/${live.correlationId}`)).pausedBy;
}

describe('examples', () => {
  test('the payment page pauses and resumes by itself', async () => {
    await open('payment-page');
    const status = page.getByRole('status');
    await expect.poll(() => status.textContent()).toBe('The call is being recorded.');
    await page.getByLabel('Card number').focus();
    await expect.poll(() => status.textContent()).toContain('is paused');
    expect(await pausedBy()).toHaveLength(1);
    await page.keyboard.type('4111111111111111');
    await page.getByRole('button', { name: 'Pay' }).click();
    await expect.poll(pausedBy).toEqual([]);
    expect(await page.locator('#outcome').textContent()).toBe('Paid.');
    expect(await page.getByLabel('Card number').inputValue()).toBe('');
  });

  longTest('the payment page takes nothing with Hush down, or without its script', async () => {
    const args = ['examples/serve.js', 'payment-page', String(port)];
    const address = await started(args, { HUSH_CLIENT: join(client, 'dist') });
    const card = page.getByLabel('Card number');
    const typed = async (): Promise<string> => {
      await card.click();
      await page.keyboard.type('4111111111111111');
      return card.inputValue();
    };
    await page.goto(`${address}?hush=http://127.0.0.1:1&agent=${agent}`);
    expect(await typed()).toBe('');
    const status = page.getByRole('status');
    await expect.poll(() => status.textContent()).toContain('Do not enter card data');
    expect(await typed()).toBe('');
    await page.goto(`${address}?hush=${bench.hush.api}&agent=sip:nobody@domain.com`);
    await expect.poll(() => status.textContent()).toContain('the agent is on no call');
    expect(await typed()).toBe('');
    for (const lost of ['**/payment-page.js', '**/client/**']) {
      await page.route(lost, (route) => route.abort());
      await page.goto(`${address}?hush=${bench.hush.api}&agent=${agent}`);
      expect(await typed()).toBe('');
      await page.unroute(lost);
    }
    expect(await pausedBy()).toEqual([]);
  });

  longTest('the CRM button commands, and shows what others command', async () => {
    await open('crm-button');
    const status = page.getByRole('status');
    await expect.poll(() => status.textContent()).toBe('The recorder is Started.');
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => status.textContent()).toBe('The recorder is Paused.');
    expect(await pausedBy()).toEqual(['api']);
    await bench.hush.command('Start', live.correlationId);
    await expect.poll(() => status.textContent()).toBe('The recorder is Started.');
    await page.getByRole('button', { name: 'Mark' }).click();
    const marking = async () =>
      (await bench.hush.get(`/api/calls/${live.correlationId}`)).markingState;
    await expect.poll(marking).toBe('Mark');
    await page.goto('about:blank');
  });

  longTest('the Express hook charges only while nothing is recorded', async () => {
    const hook = join(folder, 'express-hook');
    cpSync(join(root, 'examples', 'express-hook'), hook, { recursive: true });
    symlinkSync(join(root, 'node_modules', 'express'), join(folder, 'node_modules', 'express'));
    const env = { HUSH_URL: bench.hush.api, PORT: '0', CHARGE_MS: '300' };
    const address = await started(['server.js'], env, hook);
    const charge = (id: string): Promise<Response> =>
      fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Call-Id': id },
        body: JSON.stringify({ callId: id }),
      });
    const charging = charge(live.correlationId);
    await expect.poll(pausedBy, { interval: 10 }).toHaveLength(1);
    expect(await (await charging).json()).toEqual({ charged: true, callId: live.correlationId });
    await expect.poll(pausedBy).toEqual([]);
    const refused = await charge('00000000-0000-4000-8000-000000000000');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({ error: 'The recording could not be paused.' });
  });

  test('the contract from Python', async () => {
    const script = join(root, 'examples', 'python', 'pause.py');
    const run = async (id: string): Promise<{ code: number | null; out: string }> => {
      const child = spawn(programPath('python3'), [script, bench.hush.api, ucc, agent, id]);
      let out = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (data) => {
          out += data;
        });
      }
      const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
      return { code, out };
    };
    expect(await run(live.correlationId)).toEqual({
      ...{ code: 0, out: 'paused: the card may be read out now\nresumed\n' },
    });
    const unknown = await run('00000000-0000-4000-8000-000000000000');
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain('No Audio session with correlation Id');
  });
});
