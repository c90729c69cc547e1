import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientTypesFile, clientTypesText } from '../../scripts/write-client-types.ts';
import { openApiFile } from '../../scripts/write-openapi.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { installClient, tsc } from '../support/installed-client.ts';

/** The published package, in a folder where nothing else is installed. */
const consumer = temporaryFolder();
const installed = join(consumer, 'node_modules', '@hush', 'client');

beforeAll(() => {
  installClient(consumer);
  writeFileSync(join(consumer, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

/** Returns the size of a bundle, minified and compressed, and its text. */
async function bundled(source: string): Promise<{ bytes: number; text: string }> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: consumer },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    platform: 'browser',
  });
  const text = outputFiles[0]?.text ?? '';
  return { bytes: gzipSync(text).length, text };
}

describe('the published package @hush/client', () => {
  test('has no dependencies, and contains what its exports name', async () => {
    const described = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(described.dependencies).toBeUndefined();
    const { messages } = await publint({ pkgDir: installed, strict: true });
    expect(messages.map((message) => formatMessage(message, described))).toEqual([]);
  });

  test('is imported by Node', () => {
    const script =
      "import * as client from '@hush/client'; console.log(Object.keys(client).sort().join());";
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: consumer,
    });
    expect(String(printed).trim()).toBe(
      'CallHandle,HushRequestError,Lease,createHush,guardFields,guardTexts,orThrow,withoutRecording',
    );
  });

  test('is typed: a mistake does not compile', () => {
    const use = (last: string) => `
      import { createHush, guardFields, orThrow, withoutRecording } from '@hush/client';
      const hush = createHush({ url: 'https://hush.example.com', token: async () => 'token' });
      const call = hush.call('id');
      export const done = withoutRecording(call, async ({ signal }) => signal.aborted);
      export const guard = guardFields(document.createElement('form'), call);
      export const looked = guardFields(document.createElement('form'), () => hush.calls.ofAgent('sip:eva@example.com'));
      export const promised = guardFields(document.createElement('form'), Promise.resolve(call));
      const paused = await hush.contract.pause({ uccName: 'a', correlationId: 'b', requester: 'sip:c@d' });
      if (!paused.ok && paused.error.kind === 'contract') console.log(paused.error.errorType);
      for await (const { lengthMs } of hush.recordings.list({ agent: 'eva', gap: 'api' })) console.log(lengthMs);
      const alarms = orThrow(await hush.request('GET /api/alarms', { query: { open: true } }));
      console.log(alarms.items.length);
      ${last}
    `;
    const check = (text: string): string => {
      writeFileSync(join(consumer, 'use.ts'), text);
      try {
        execFileSync(
          process.execPath,
          [
            ...[tsc, '--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'],
            ...['--lib', 'es2024,dom,dom.asynciterable', '--types', '', 'use.ts'],
          ],
          { cwd: consumer, stdio: 'pipe' },
        );
        return '';
      } catch (cause) {
        return String((cause as { stdout: Buffer }).stdout);
      }
    };
    expect(check(use(''))).toBe('');
    expect(check(use("hush.recordings.list({ gap: 'lunch' });"))).toContain('use.ts');
    expect(check(use("hush.request('GET /api/alarm', {});"))).toContain('use.ts');
    expect(check(use("hush.request('GET /api/calls/{id}', {});"))).toContain('use.ts');
  });

  test('is small, and unused parts are left out of bundles', async () => {
    const whole = await bundled("export * from '@hush/client';");
    const lease = await bundled(
      "import { createHush, withoutRecording } from '@hush/client'; console.log(createHush, withoutRecording);",
    );
    console.log(
      `@hush/client: ${whole.bytes} bytes gzip in all, ${lease.bytes} without guardFields`,
    );
    expect(whole.bytes).toBeLessThan(7_000);
    expect(whole.text).toContain('cc-number');
    expect(lease.text).not.toContain('cc-number');
    const state = await bundled("import { orThrow } from '@hush/client'; console.log(orThrow);");
    expect(state.bytes).toBeLessThan(400);
  });
});

test('client/src/api-types.ts matches the description of the API', () => {
  const document = JSON.parse(readFileSync(openApiFile, 'utf8'));
  expect(readFileSync(clientTypesFile, 'utf8')).toBe(clientTypesText(document));
});
