import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { environmentName } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { configSchema, uccSettingsSchema } from '../../src/config/schema.ts';
import type { SchemaNode } from '../../src/config/schema-node.ts';
import { writtenName } from '../../src/config/written-settings.ts';
import { temporaryFolder } from '../support/hush/hush.ts';

const root = resolve(import.meta.dirname, '../..');
const example = join(root, 'hush.example.yaml');
const exampleText = readFileSync(example, 'utf8');

let folder: string;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const file = join(folder, 'hush.yaml');
  writeFileSync(file, text);
  return file;
}

/** `http.port` and so on, as people write them: what has a value of its own. */
function settingsOf(node: SchemaNode, path: readonly string[] = []): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const at = [...path, writtenName(name)];
    return child.properties ? settingsOf(child, at) : [at.join('.')];
  });
}

/** Settings that the text shows, commented ones too, by their indentation. */
function shownIn(text: string): Set<string> {
  const shown = new Set<string>();
  const path: string[] = [];
  for (const line of text.split('\n')) {
    const match = /^( *)(?:# |- )?(\w+):(?: |$)/.exec(line);
    if (!match) continue;
    const [, indent = '', name = ''] = match;
    path.length = Math.min(indent.length / 2, path.length);
    shown.add([...path, name].join('.'));
    if (line.endsWith(':')) path.push(name);
  }
  return shown;
}

describe('hush.example.yaml', () => {
  test('shows every setting', () => {
    const shown = shownIn(exampleText);
    const all = [
      ...settingsOf(configSchema as SchemaNode),
      ...settingsOf(uccSettingsSchema as SchemaNode).map((name) => `uccs.${name}`),
      'uccs.name',
    ];
    expect(all.length).toBeGreaterThan(35);
    expect(all.filter((setting) => !shown.has(setting))).toEqual([]);
  });

  test('a setting that it does not show is noticed', () => {
    expect(shownIn(exampleText.replace('  chunk:', '  piece:'))).not.toContain('recording.chunk');
  });

  test('equals the defaults', () => {
    const { uccs, ...settings } = loadConfig({ file: example });
    const { uccs: none, ...defaults } = loadConfig({});
    expect(settings).toEqual({ ...defaults, dataDir: join(root, 'data') });
    expect(none).toEqual([]);
    expect(uccs).toEqual([
      {
        name: 'ucc-demo-name',
        useAudioRecording: true,
        agentCanEditAudioRecording: true,
        saveRecordingByDefault: true,
        recordFromStart: true,
        agents: ['sip:agent@domain.com'],
        supervisors: ['sip:supervisor@domain.com'],
      },
    ]);
  });

  test('its commented settings can be used as they stand', () => {
    const text = exampleText.replace(/^( *)# (masterKey|advertisedHost|url): /gm, '$1$2: ');
    const { masterKey, sip, rtp, store } = loadConfig({ file: write(text) });
    expect([masterKey?.length, sip.advertisedHost, rtp.advertisedHost, store.url]).toEqual([
      64,
      'recorder.example.com',
      '203.0.113.7',
      'postgres://hush:password@localhost:5432/hush',
    ]);
  });
});

describe('a file', () => {
  test.each(['', '# nothing\n', 'uccs: []\n'])('%j leaves the defaults', (text) => {
    const { dataDir, ...settings } = loadConfig({ file: write(text) });
    const { dataDir: _, ...defaults } = loadConfig({});
    expect(settings).toEqual(defaults);
    expect(dataDir).toBe(join(folder, 'data'));
  });

  test('its relative paths are relative to it, absolute ones stay', () => {
    expect(loadConfig({ file: write('dataDir: ../x') }).dataDir).toBe(resolve(folder, '../x'));
    expect(loadConfig({ file: write('dataDir: /srv/hush') }).dataDir).toBe('/srv/hush');
  });

  test.each([
    ['http:\n  port: eight\n', 2, 'http.port must be integer'],
    ['http:\n  port: 70000\n', 2, 'http.port must be <= 65535'],
    ['http:\n  port: -1\n', 2, 'http.port must be >= 0'],
    ['log:\n  level: loud\n', 2, 'log.level must be one of fatal, error, warn, info'],
    ['# a\n\nhttp:\n  host: x\n  prot: 1\n', 5, 'http.prot is no setting'],
    ['colour: red\n', 1, 'colour is no setting'],
    ['rtp:\n  workers: 0\n', 2, 'rtp.workers must be >= 1'],
    ['rtp:\n  workers: 1.5\n', 2, 'rtp.workers must be integer'],
    ['rtp:\n  portMin: 300\n  portMax: 200\n', 3, 'rtp.portMax must not be below rtp.portMin'],
    ['store:\n  kind: postgres\n', 2, 'store.url is needed when store.kind is postgres'],
    ['http:\n  port: 5060\n', 2, 'http.port must not be 5060 or 5061: browsers refuse these ports'],
    ['http: 5\n', 1, 'http must be object'],
    ['http:\n', 1, 'http must be object'],
    ['sip:\n  uccFrom: header\n', 2, 'sip.uccFrom must be array'],
    ['uccs:\n  - name: a\n  - name: b c\n', 3, 'uccs.1.name must match pattern'],
    [
      'uccs:\n  - name: a\n    useAudioRecordng: true\n',
      3,
      'uccs.0.useAudioRecordng is no setting',
    ],
    [
      'uccs:\n  - name: a\n    useAudioRecording: 1\n',
      3,
      'uccs.0.useAudioRecording must be boolean',
    ],
    ['uccs:\n  - agents: []\n', 2, 'uccs.0 must have required properties name'],
    ['http:\n  port: 1\n  port: 2\n', 3, 'Map keys must be unique'],
    ['http: [\n', 2, 'Flow sequence'],
  ])('%j: line %i: %s', (text, line, message) => {
    const file = write(text);
    const load = () => loadConfig({ file });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(`${file}:${line}: ${message}`);
  });

  test.each(['- a list\n', 'a text\n'])('%j holds no settings', (text) => {
    const file = write(text);
    expect(() => loadConfig({ file })).toThrow(
      new ConfigError(`${file}: the file must hold settings`),
    );
  });

  test('one that is not there is named', () => {
    const file = join(folder, 'missing.yaml');
    expect(() => loadConfig({ file })).toThrow(new ConfigError(`${file}: cannot be read (ENOENT)`));
  });
});

describe('the environment', () => {
  test('names', () => {
    expect(environmentName(['http', 'bodyLimitBytes'])).toBe('HUSH_HTTP_BODY_LIMIT_BYTES');
    expect(environmentName(['dataDir'])).toBe('HUSH_DATA_DIR');
    const names = settingsOf(configSchema as SchemaNode).map((at) =>
      environmentName(at.split('.')),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    ['HUSH_HTTP_PORT', '9', { http: { port: 9 } }],
    ['HUSH_HTTP_HOST', '::', { http: { host: '::' } }],
    ['HUSH_HTTP_STATUS_CODES', 'mapped', { http: { statusCodes: 'mapped' } }],
    [
      'HUSH_HTTP_ANONYMOUS_NETWORKS',
      '10.0.0.0/8, ::1,',
      { http: { anonymousNetworks: ['10.0.0.0/8', '::1'] } },
    ],
    ['HUSH_HTTP_ANONYMOUS_NETWORKS', '', { http: { anonymousNetworks: [] } }],
    ['HUSH_SIP_UCC_FROM', 'header', { sip: { uccFrom: ['header'] } }],
    ['HUSH_SIP_ADVERTISED_HOST', 'a.example', { sip: { advertisedHost: 'a.example' } }],
    ['HUSH_MASTER_KEY', 'ab', { masterKey: 'ab' }],
    ['HUSH_LOG_LEVEL', 'debug', { log: { level: 'debug' } }],
    ['HUSH_RECORDING_CHUNK', '100ms', { recording: { chunkMs: 100 } }],
    ['HUSH_STORE_TIMEOUT', '2s', { store: { timeoutMs: 2_000 } }],
    ['HUSH_RECORDING_INHERIT', '0', { recording: { inheritMs: 0 } }],
    ['HUSH_DATA_DIR', '/srv/hush', { dataDir: '/srv/hush' }],
    ['HUSH_NO_SUCH_SETTING', 'x', {}],
  ])('%s=%s', (name, value, expected) => {
    expect(loadConfig({ environment: { [name]: value } })).toMatchObject(expected);
  });

  test('comes after the file', () => {
    const file = write('http:\n  port: 1\n  host: file\nlog:\n');
    const environment = { HUSH_HTTP_PORT: '2', HUSH_LOG_LEVEL: 'warn' };
    expect(loadConfig({ file, environment })).toMatchObject({
      http: { port: 2, host: 'file' },
      log: { level: 'warn' },
    });
  });

  test.each([
    ['HUSH_HTTP_PORT', 'eight', 'HUSH_HTTP_PORT must be a whole number'],
    ['HUSH_HTTP_PORT', '', 'HUSH_HTTP_PORT must be a whole number'],
    ['HUSH_HTTP_PORT', '-1', 'HUSH_HTTP_PORT must be a whole number'],
    ['HUSH_HTTP_PORT', '70000', 'HUSH_HTTP_PORT: http.port must be <= 65535'],
    ['HUSH_HTTP_PORT', '5061', 'HUSH_HTTP_PORT: http.port must not be 5060 or 5061'],
    ['HUSH_LOG_LEVEL', 'loud', 'HUSH_LOG_LEVEL: log.level must be one of fatal, error'],
    ['HUSH_RTP_PORT_MAX', '5', 'HUSH_RTP_PORT_MAX: rtp.portMax must not be below rtp.portMin'],
    [
      'HUSH_SIP_UCC_FROM',
      'header,moon',
      'HUSH_SIP_UCC_FROM: sip.uccFrom.1 must be one of requestUri, header',
    ],
    ['HUSH_STORE_TIMEOUT', '5000', 'HUSH_STORE_TIMEOUT must be a duration with its unit: 300ms'],
    ['HUSH_STORE_TIMEOUT', '2h', 'HUSH_STORE_TIMEOUT: store.timeout must be at most 1m'],
    [
      'HUSH_STORE_TIMEOUT_MS',
      '5000',
      'HUSH_STORE_TIMEOUT_MS is now HUSH_STORE_TIMEOUT, with its unit: 5s',
    ],
    ['HUSH_STORE_KIND', 'postgres', 'store.url is needed when store.kind is postgres'],
  ])('%s=%s: %s', (name, value, message) => {
    const load = () => loadConfig({ environment: { [name]: value } });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(message);
  });

  test('a section that is no section in the file is named, not overwritten', () => {
    const file = write('http: 5\n');
    const load = () => loadConfig({ file, environment: { HUSH_HTTP_PORT: '2' } });
    expect(load).toThrow(`${file}:1: http must be object`);
  });
});
