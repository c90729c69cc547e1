import { describe, expect, test } from 'vitest';
import { parseSource, projectFiles, readProjectFile } from './support/sources.ts';
import { type Finding, findingsIn, placesIn, type Rule } from './support/tidy-rules.ts';

interface Exception {
  readonly rule: Rule;
  readonly path: string;
  /** Where one in the whole file is meant. */
  readonly what?: string;
  readonly reason: string;
}

/** Every departure from the house rules, and why. One that is no longer needed fails. */
const exceptions: readonly Exception[] = [];

const code = projectFiles(['src', 'test', 'bench', 'scripts'], ['.ts']);
const texts = projectFiles(
  ['src', 'test', 'bench', 'scripts', 'docs', 'bin', 'api', '.ci', '.github'],
  ['.ts', '.js', '.json', '.md', '.yaml', '.yml', '.sh', 'hush'],
).concat(
  projectFiles(
    [
      ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'hush.example.yaml'],
      ...['package.json', 'biome.json', 'tsconfig.json', 'vitest.config.ts', '.gitignore'],
    ],
    [],
  ),
);

function matches(exception: Exception, { rule, path, what }: Finding): boolean {
  if (exception.rule !== rule || exception.path !== path) return false;
  return exception.what === undefined || exception.what === what;
}

function shown({ rule, path, what, detail }: Finding): string {
  return [`${path}: ${rule}`, what, detail].filter(Boolean).join(', ');
}

describe('the house is tidy', () => {
  const findings = [
    ...code.flatMap((path) => findingsIn(parseSource(path, readProjectFile(path)))),
    ...texts.flatMap((path) => placesIn(path, readProjectFile(path))),
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
    expect(code).toEqual(expect.arrayContaining(['src/server.ts', 'src/domain/call.ts']));
    expect(code.length).toBeGreaterThan(100);
  });
});
