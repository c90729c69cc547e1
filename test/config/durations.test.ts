import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { SchemaNode } from '../../src/config/schema-node.ts';
import { writtenName } from '../../src/config/written-settings.ts';
import { temporaryFolder } from '../support/hush/hush.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(text: string) {
  const file = join(folder, 'hush.yaml');
  writeFileSync(file, text);
  return loadConfig({ file });
}

test.each([
  ['300ms', 300, '300ms'],
  ['2s', 2_000, '2s'],
  ['1.5s', 1_500, '1500ms'],
  ['90s', 90_000, '90s'],
  ['5m', 300_000, '5m'],
  ['1h', 3_600_000, '1h'],
  ['24h', 86_400_000, '1d'],
  ['30d', 2_592_000_000, '30d'],
  ['0', 0, '0s'],
  ['0s', 0, '0s'],
])('%s is a duration', (text, ms, shown) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(shown);
  expect(parseDuration(shown)).toBe(ms);
});

test.each([
  '',
  '5',
  '-1s',
  '1 s',
  '1S',
  '1y',
  '1w',
  '1.5ms',
  '0.0001h',
  's',
  '1e3s',
  '1s2',
  '9999999999999d',
])('%j is none', (text) => expect(parseDuration(text)).toBeUndefined());

describe('a setting of time in a file', () => {
  test('has its unit, in every section and in UCCs', () => {
    const settings = load(
      [
        'recording: { fenceTimeout: 300ms, inherit: 0 }',
        'assurance: { keepAlarms: 30d }',
        'sip: { digest: { failureWindow: 5m } }',
        'uccs: [{ name: a, retention: 30d, maxPause: 5m, pauseLookback: 2s }]',
      ].join('\n'),
    );
    expect(settings).toMatchObject({
      recording: { fenceTimeoutMs: 300, inheritMs: 0 },
      assurance: { keepAlarmsMs: 2_592_000_000 },
      sip: { digest: { failureWindowMs: 300_000 } },
      uccs: [{ name: 'a', retentionDays: 30, maxPauseMs: 300_000, pauseLookbackMs: 2_000 }],
    });
  });

  test.each([
    ['store:\n  timeout: 5000\n', ':2: store.timeout must be a duration with its unit: 300ms'],
    ['store:\n  timeout: soon\n', ':2: store.timeout must be a duration with its unit: 300ms'],
    ['store:\n  timeout: 2m\n', ':2: store.timeout must be at most 1m'],
    ['store:\n  timeout: 1ms\n', ':2: store.timeout must be at least 500ms'],
    ['store:\n  timeoutMs: 5000\n', ':2: store.timeoutMs is now store.timeout, with its unit: 5s'],
    ['finishTimeoutMs: x\n', ':1: finishTimeoutMs is now finishTimeout, with its unit: 2s'],
    ['recording:\n  longMs: 5\n', ':2: recording.longMs is no setting'],
    ['uccs:\n  - name: a\n    retention: 36h\n', ':3: uccs.0.retention must be whole days: 30d'],
    [
      'uccs:\n  - name: a\n    retentionDays: 30\n',
      ':3: uccs.0.retentionDays is now uccs.0.retention, with its unit: 30d',
    ],
    ['uccs:\n  - name: a\n    maxPause: 2d\n', ':3: uccs.0.maxPause must be at most 1d'],
  ])('%j: %s', (text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});

test('no two settings of a section are written alike', () => {
  const check = (node: SchemaNode): void => {
    const names = Object.keys(node.properties ?? {}).map(writtenName);
    expect(new Set(names).size).toBe(names.length);
    for (const child of Object.values(node.properties ?? {})) check(child);
    if (node.items) check(node.items);
  };
  check(configSchema as SchemaNode);
});
