import { describe, expect, test } from 'vitest';
import { proseFindings, yamlCommentFindings } from './support/tidy/prose.ts';
import {
  type Finding,
  parseSource,
  projectFiles,
  type Rule,
  readProjectFile,
} from './support/tidy/sources.ts';
import {
  findingsIn,
  foldersIn,
  MAX_COLUMNS,
  MAX_FILE_LINES,
  MAX_FOLDER_FILES,
  MAX_FUNCTION_LINES,
  placesIn,
} from './support/tidy/tidy-rules.ts';

interface Exception {
  readonly rule: Rule;
  readonly path: string;
  /** Where one in the whole file is meant. */
  readonly what?: string;
  readonly reason: string;
}

/** Every departure from the house rules, and why. One that is no longer needed fails. */
/** Longer than other files, and why. */
const longFiles: Readonly<Record<string, string>> = {
  'console/src/texts.ts': 'every text of the console, by page',
  'test/protocols/sip/torture/messages.ts':
    'a table of messages, one behind the other as RFC 4475 has them',
  'src/domain/control/leases.ts':
    'what an owner may do with a lease stands beside what becomes of one left alone',
  'test/domain/model/explore.ts':
    'a client that plays a history, and every promise that it holds Hush to',
  'src/domain/lifecycle/call-lifecycle.ts': 'the life of a call is read from top to bottom',
  'src/recorder/media-stream.ts': 'the path of a packet is read from top to bottom',
  'src/recorder/segment/segment-writer.ts':
    'every way into and out of the chunk that gathers stands beside the others',
  'src/recorder/recorder.ts': 'the Recorder port in one class, each method short',
  'src/store/rows/tables.ts': 'a table after the other, each with what its columns mean',
  'src/store/store.ts': 'the Store port in one class, each method short',
  'src/store/rows/mapping.ts': 'a table after the other, each with its row and its record',
};

const exceptions: readonly Exception[] = [
  ...Object.entries(longFiles).map(
    ([path, reason]) => ({ rule: 'file length', path, reason }) as const,
  ),
  {
    rule: 'function length',
    path: 'src/domain/event/event-feed.ts',
    what: 'follow',
    reason: 'replay and live share their state; apart, nobody would see where they meet',
  },
  {
    rule: 'function length',
    path: 'src/http/recordings/recordings.ts',
    what: 'recordingRoutes',
    reason: 'a list of routes, each with its schema',
  },
  {
    rule: 'function length',
    path: 'src/http/operations/uccs.ts',
    what: 'uccRoutes',
    reason: 'a list of routes, each with its schema',
  },
  {
    rule: 'function length',
    path: 'console/src/pages/recordings.tsx',
    what: 'RecordingsPage',
    reason: 'one form: every search field stands beside the others',
  },
  {
    rule: 'function length',
    path: 'console/src/parts/player.tsx',
    what: 'Player',
    reason: 'the wave form, its regions and its controls share their state',
  },
  {
    rule: 'function length',
    path: 'test/protocols/sdp/parse-offer.test.ts',
    what: 'a recording offer of two labelled streams',
    reason: 'one offer and the whole of what is read from it',
  },
  { rule: 'prose length', path: 'ARCHITECTURE.md', reason: 'is being rewritten' },
  { rule: 'prose length', path: 'docs/reference/cli.md', reason: 'is being rewritten' },
];

const generated = 'client/src/api-types.ts';
const code = projectFiles(
  ['src', 'client/src', 'console/src', 'test', 'bench', 'fuzz', 'scripts'],
  ['.ts', '.tsx'],
).filter((path) => path !== generated);
const texts = projectFiles(
  [
    'src',
    'client/src',
    'console/src',
    'test',
    'bench',
    'scripts',
    'docs',
    'deploy',
    'bin',
    'api',
    '.ci',
    '.github',
  ],
  ['.ts', '.tsx', '.js', '.json', '.md', '.yaml', '.yml', '.sh', 'hush'],
).concat(
  projectFiles(
    [
      ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
      'hush.example.yaml',
      ...['package.json', 'biome.json', 'tsconfig.json', 'vitest.config.ts', '.gitignore'],
    ],
    [],
  ),
);

const prose = projectFiles(
  [
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
    ...['docs', 'examples', 'deploy'],
  ],
  ['.md'],
);

function matches(exception: Exception, { rule, path, what }: Finding): boolean {
  if (exception.rule !== rule || exception.path !== path) return false;
  return exception.what === undefined || exception.what === what;
}

function shown({ rule, path, what, detail }: Finding): string {
  return [`${path}: ${rule}`, what, detail].filter(Boolean).join(', ');
}

const somewhere = 'src/http/made-up.ts';
const bad: readonly { rule: Rule; path?: string; text: string }[] = [
  { rule: 'import', path: 'src/domain/x.ts', text: "import { a } from '../http/y.ts';" },
  {
    rule: 'import',
    path: 'src/domain/x.ts',
    text: "import type { A } from '../protocols/sip/y.ts';",
  },
  { rule: 'import', path: 'src/protocols/sip/x.ts', text: "import { a } from '../sdp/y.ts';" },
  {
    rule: 'import',
    path: 'src/protocols/sip/x.ts',
    text: "import { a } from '../../domain/y.ts';",
  },
  { rule: 'import', path: 'src/http/x.ts', text: "import { a } from '../recorder/y.ts';" },
  { rule: 'import', path: 'src/http/x.ts', text: "const a = await import('../store/y.ts');" },
  { rule: 'import', path: 'src/http/x.ts', text: "type A = import('../store/y.ts').A;" },
  { rule: 'import', path: 'src/store/x.ts', text: "import { a } from '../server.ts';" },
  { rule: 'import', path: 'src/demo/x.ts', text: "import { a } from '../store/y.ts';" },
  { rule: 'import', path: 'src/srs/x.ts', text: "import { a } from '../../test/support/y.ts';" },
  { rule: 'file length', text: 'f();\n'.repeat(MAX_FILE_LINES + 1) },
  { rule: 'function length', text: `function f() {${'\n'.repeat(MAX_FUNCTION_LINES)}}` },
  { rule: 'function length', text: `class A { #f() {${'\n'.repeat(MAX_FUNCTION_LINES)}} }` },
  { rule: 'function length', text: `const f = () => {${'\n'.repeat(MAX_FUNCTION_LINES)}};` },
  { rule: 'line length', text: `// ${'a'.repeat(MAX_COLUMNS)}` },
  { rule: 'line length', text: `f(${'a'.repeat(MAX_COLUMNS)}, 'text');` },
];
const good: readonly { path?: string; text: string }[] = [
  { path: 'src/http/x.ts', text: "import { a } from '../domain/y.ts';" },
  { path: 'src/http/x.ts', text: "import { a } from '../protocols/sip/y.ts';" },
  { path: 'src/protocols/sip/x.ts', text: "import { a } from './y.ts';" },
  { path: 'src/server.ts', text: "import { a } from './http/y.ts';" },
  { path: 'src/cli/x.ts', text: "import { a } from '../server.ts';" },
  { path: 'test/x.ts', text: "import { a } from '../src/http/y.ts';" },
  { text: `const a = '${'a'.repeat(MAX_COLUMNS)}';` },
  { text: `describe('x', () => {${'\n'.repeat(MAX_FUNCTION_LINES)}});` },
  { text: 'f();\n'.repeat(MAX_FILE_LINES) },
];

describe('a tidy rule', () => {
  test.each(bad)('$rule finds $text', ({ rule, path = somewhere, text }) => {
    const found = findingsIn(parseSource(path, text));
    expect(found.map((finding) => finding.rule)).toEqual([rule]);
  });

  test.each(good)('leaves $text', ({ path = somewhere, text }) => {
    expect(findingsIn(parseSource(path, text))).toEqual([]);
  });

  test('names what it found', () => {
    const text = `class A {\n  #long() {${'\n'.repeat(MAX_FUNCTION_LINES)}}\n}`;
    expect(findingsIn(parseSource('src/bus/x.ts', text)).map(shown)).toEqual([
      `src/bus/x.ts: function length, long, ${MAX_FUNCTION_LINES + 1} lines`,
    ]);
  });

  test('folder finds one that holds too much', () => {
    const paths = Array.from({ length: MAX_FOLDER_FILES + 1 }, (_, index) => `src/a/${index}.ts`);
    expect(foldersIn(paths).map(shown)).toEqual(['src/a: folder, 26 files']);
    expect(foldersIn(paths.slice(1))).toEqual([]);
  });

  test.each([
    'a '.repeat(MAX_COLUMNS),
    `* ${'a '.repeat(MAX_COLUMNS)}`,
    `see [a page](${'a'.repeat(MAX_COLUMNS)})`,
    `\`\`\`\n\`\`\`\n${'a '.repeat(MAX_COLUMNS)}`,
  ])('prose length finds %j', (text) => {
    expect(proseFindings('README.md', text).map(({ rule }) => rule)).toEqual(['prose length']);
  });

  test.each([
    'a'.repeat(MAX_COLUMNS + 1),
    `* [a page](${'a'.repeat(MAX_COLUMNS)})`,
    `![a picture](${'a'.repeat(MAX_COLUMNS)})`,
    `## ${'a '.repeat(MAX_COLUMNS)}`,
    `| ${'a '.repeat(MAX_COLUMNS)}|`,
    `\`\`\`sh\n${'a '.repeat(MAX_COLUMNS)}\n\`\`\``,
  ])('prose length leaves %j', (text) => {
    expect(proseFindings('README.md', text)).toEqual([]);
  });

  test('prose length finds a comment of a YAML file', () => {
    const long = 'a '.repeat(MAX_COLUMNS);
    const found = yamlCommentFindings('a.yaml', `a: ${long}\n  # ${long}`);
    expect(found.map(shown)).toEqual(['a.yaml: prose length, line 2, 204']);
  });

  test('place finds paths of one machine', () => {
    const names = ['/work', 'shared', `.${'library'}`].map((name) => `see ${name}/notes.md`);
    expect(names.flatMap((text) => placesIn('README.md', text)).length).toBe(names.length);
    expect(placesIn('README.md', 'networks/ and workers/')).toEqual([]);
  });
});

describe('the house is tidy', () => {
  const findings = [
    ...code.flatMap((path) => findingsIn(parseSource(path, readProjectFile(path)))),
    ...foldersIn(code),
    ...texts.flatMap((path) => placesIn(path, readProjectFile(path))),
    ...prose.flatMap((path) => proseFindings(path, readProjectFile(path))),
    ...yamlCommentFindings('hush.example.yaml', readProjectFile('hush.example.yaml')),
  ];

  test('nothing breaks a rule without a named reason', () => {
    const unnamed = findings.filter((found) => !exceptions.some((named) => matches(named, found)));
    expect(unnamed.map(shown)).toEqual([]);
  });

  test('every named exception is still needed', () => {
    const stale = exceptions.filter((named) => !findings.some((found) => matches(named, found)));
    expect(stale.map(shown)).toEqual([]);
  });

  test('the rooms are found', () => {
    expect(code).toEqual(expect.arrayContaining(['src/server.ts', 'src/domain/call/call.ts']));
    expect(code.length).toBeGreaterThan(100);
  });
});
