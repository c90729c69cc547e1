import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { openApiFile } from '../../../scripts/write-openapi.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { root } from '../../support/installed-client.ts';

const redocly = join(root, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The rules that a document breaks, by Redocly's linter with its strict recommended rules. */
async function brokenRules(file: string): Promise<string[]> {
  const config = join(root, 'redocly.yaml');
  const run = promisify(execFile)(
    process.execPath,
    [redocly, 'lint', file, '--config', config, '--format', 'json'],
    { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
  );
  const { stdout } = await run.catch((cause: { stdout: string }) => cause);
  const { problems } = JSON.parse(stdout) as { problems: { ruleId: string; message: string }[] };
  return problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

test('the description of the API breaks no rule of the linter', async () => {
  expect(await brokenRules(openApiFile)).toEqual([]);
});

test('the linter finds an operation without an id, and an example that does not fit', async () => {
  const document = JSON.parse(readFileSync(openApiFile, 'utf8'));
  delete document.paths['/api/calls'].get.operationId;
  document.components.schemas.Recording.examples[0].lengthMs = 'long';
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  const broken = await brokenRules(file);
  expect(broken.map((one) => one.split(':')[0])).toEqual(
    expect.arrayContaining(['operation-operationId', 'no-invalid-schema-examples']),
  );
});
