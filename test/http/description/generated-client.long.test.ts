import { execFile, execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from 'vitest';
import { openApiFile } from '../../../scripts/write-openapi.ts';
import { temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { root, tsc } from '../../support/installed-client.ts';
import { longTest } from '../../support/length.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

const folder = temporaryFolder();
let bench: ApiBench;

/** A client that swagger-typescript-api makes of the description, and a program that uses it. */
beforeAll(async () => {
  const generator = join(root, 'node_modules', 'swagger-typescript-api', 'dist', 'cli.mjs');
  const options = ['generate', '--path', openApiFile, '--output', folder, '--name', 'client.ts'];
  execFileSync(process.execPath, [generator, ...options], { stdio: 'pipe' });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  bench = await openBench();
});
afterAll(async () => {
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const program = `
  import { Api, type Call, ErrorType, type Recording, RecordingStateNumber } from './client.ts';
  const hush = new Api({ baseUrl: process.argv[2] ?? '' });
  const [uccName = '', correlationId = ''] = process.argv.slice(3);
  const recordings: Recording[] = (await hush.api.listRecordings({ limit: 1 })).data.items;
  const calls: Call[] = (await hush.api.listCalls()).data.items;
  const state = (await hush.attendantservice.getStateV1(uccName, correlationId)).data;
  const missing = await hush.api.getRecording(correlationId).catch((answer) => answer);
  console.log(JSON.stringify({
    recordings: recordings.map(({ id, status }) => ({ id, status })),
    calls: calls.length,
    isOver: state.RecordingState === RecordingStateNumber.Uninitialized,
    isValidation: state.ErrorMessage?.ErrorType === ErrorType.Validation,
    missing: { status: missing.status, title: missing.error.title },
  }));
`;

/** What the compiler says of the program; nothing where it is content. */
function compiled(text: string): string {
  const file = join(folder, 'program.ts');
  writeFileSync(file, text);
  const options = [
    ...[
      '--strict',
      '--target',
      'es2024',
      '--module',
      'nodenext',
      '--outDir',
      join(folder, 'built'),
    ],
    ...['--lib', 'es2024,dom,dom.iterable', '--rewriteRelativeImportExtensions'],
    ...['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')],
  ];
  try {
    execFileSync(process.execPath, [tsc, ...options, file], { cwd: folder, stdio: 'pipe' });
    return '';
  } catch (cause) {
    return String((cause as { stdout: Buffer }).stdout);
  }
}

longTest('a generated client compiles, and a mistake in its use does not', () => {
  expect(compiled(program.replace('{ limit: 1 }', "{ gap: 'lunch' }"))).toContain('program.ts');
  expect(compiled(program)).toBe('');
});

longTest('a generated client calls a running Hush', async () => {
  const { id } = await record(bench);
  const gone = 'd2f7bd44-4d2b-4f0e-8d86-16a9a4d36c12';
  // Not in this process' turn: Hush answers in it.
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[join(folder, 'built', 'program.js'), bench.hush.api, ucc, gone],
  ]);
  expect(JSON.parse(stdout)).toEqual({
    recordings: [{ id, status: 'kept' }],
    ...{ calls: 0, isOver: true, isValidation: true },
    missing: { status: 404, title: 'Not found' },
  });
});
