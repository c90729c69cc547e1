import { existsSync, globSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { projectFiles, readProjectFile } from '../support/tidy/sources.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const code = ['src', 'client', 'console', 'test', 'bench', 'fuzz', 'scripts'];
const others = ['docs', 'deploy', 'examples', 'api', 'bin'];
const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const fileNames = new Set(
  projectFiles(
    code.map((name) => (name === 'client' || name === 'console' ? `${name}/src` : name)),
    ['.ts', '.tsx'],
  ).map((path) => basename(path)),
);
const pages = projectFiles(
  [
    ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
    ...['docs', 'examples', 'deploy'],
  ],
  ['.md'],
);

/** Returns the page without its code blocks, which also contain paths of other programs. */
function proseOf(page: string): string {
  return readProjectFile(page).replace(/^\s*```[\s\S]*?^\s*```$/gm, '');
}

/** Returns `a/b.ts` and `a/c.ts` for `a/{b,c}.ts`. */
function expanded(path: string): string[] {
  const braces = /^([^{]*)\{([^}]*)\}(.*)$/.exec(path);
  if (!braces) return [path];
  const [, before = '', names = '', after = ''] = braces;
  return names.split(',').flatMap((name) => expanded(`${before}${name}${after}`));
}

/** Returns the project path that a code span names; undefined if it names none. */
function pathOf(text: string): string | undefined {
  if (!/^[\w.{},*-]+(?:\/[\w.{},*-]+)*\/?$/.test(text) || /\/dist\b/.test(text)) return undefined;
  const [first = '', ...rest] = text.split('/');
  if (rest.length === 0) return undefined;
  if ([...code, ...others].includes(first)) return text;
  return rooms.includes(first) ? `src/${text}` : undefined;
}

function exists(path: string): boolean {
  if (path.includes('*')) return globSync(path, { cwd: root }).length > 0;
  return existsSync(join(root, path));
}

/** Returns the paths and file names in backticks that the project does not contain. */
function missingIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, named = '']) => {
    if (/^[\w-]+\.tsx?$/.test(named)) return fileNames.has(named) ? [] : [named];
    const path = pathOf(named);
    return path === undefined ? [] : expanded(path).filter((one) => !exists(one));
  });
}

/** Returns the anchors that GitHub derives from a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)];
  return headings.map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function isReached(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(page, '..', file);
  if (!exists(target)) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

describe('a path in the documentation', () => {
  test.each([
    'src/server.ts',
    'domain/call/call.ts',
    'protocols/sip',
    'test/{docs,cli}/',
    'scripts/*.js',
    'call.ts',
    'text/json',
    'client/dist',
  ])('%s is found', (path) => {
    expect(missingIn(`\`${path}\``)).toEqual([]);
  });

  test.each(['src/none.ts', 'http/none.ts', 'test/docs/none', 'none-at-all.ts'])(
    '%s is missed',
    (path) => {
      expect(missingIn(`see \`${path}\``)).toEqual([path.replace(/^http/, 'src/http')]);
    },
  );

  test.each(pages)('of %s exists', (page) => {
    expect(missingIn(proseOf(page))).toEqual([]);
  });
});

describe('a link in the documentation', () => {
  test.each(pages)('of %s leads to a page and a heading', (page) => {
    const links = [...proseOf(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)];
    const broken = links.map(([, link = '']) => link).filter((link) => !isReached(page, link));
    expect(broken).toEqual([]);
  });

  test.each(['none.md', 'README.md#none', '#none'])('to %s is missed', (link) => {
    expect(isReached('README.md', link)).toBe(false);
  });
});
