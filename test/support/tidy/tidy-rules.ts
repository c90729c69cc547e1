import { importFindings } from './import-rule.ts';
import { type Finding, isNode, type Source, type SyntaxNode } from './sources.ts';

export const MAX_FILE_LINES = 250;
export const MAX_FUNCTION_LINES = 50;
/** A component's markup reads as one piece. */
export const MAX_COMPONENT_LINES = 80;
export const MAX_COLUMNS = 100;

/** Files directly in one folder. */
export const MAX_FOLDER_FILES = 25;

const rules: readonly ((source: Source) => Finding[])[] = [
  importFindings,
  fileLength,
  functionLengths,
  lineLengths,
];

export function findingsIn(source: Source): Finding[] {
  return rules.flatMap((rule) => rule(source));
}

/** @param paths of all files that count */
export function foldersIn(paths: readonly string[]): Finding[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].flatMap(([path, count]) =>
    count <= MAX_FOLDER_FILES ? [] : [{ rule: 'folder', path, detail: `${count} files` }],
  );
}

/** Finds paths of one machine, and names of folders outside the project. */
export function placesIn(path: string, text: string): Finding[] {
  const places = /\/work[/][\w.-]*|\bshared[/][\w.-]*|[.]library\b/g;
  return [...text.matchAll(places)].map(([what]) => ({ rule: 'place', path, what }));
}

const consoleCode = /^console\//;

/** Imports do not count: they grow with the number of folders, not with the file's work. */
function fileLength({ path, text, nodes }: Source): Finding[] {
  const imports = nodes.filter(({ node }) => node.type === 'ImportDeclaration');
  const lines = imports.reduce(
    (count, { node }) => count - linesOf(text.slice(node.start, node.end)),
    linesOf(text.trimEnd()),
  );
  return lines <= MAX_FILE_LINES ? [] : [{ rule: 'file length', path, detail: `${lines} lines` }];
}

function linesOf(text: string): number {
  return text.split('\n').length;
}

function functionLengths({ path, text, nodes }: Source): Finding[] {
  return nodes.flatMap(({ node, within }) => {
    if (!functions.has(node.type) || isSuite(within.at(-1))) return [];
    const lines = linesOf(text.slice(node.start, node.end));
    if (lines <= (consoleCode.test(path) ? MAX_COMPONENT_LINES : MAX_FUNCTION_LINES)) return [];
    return [
      { rule: 'function length', path, what: nameOf(node, within), detail: `${lines} lines` },
    ];
  });
}

const functions = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'StaticBlock',
]);

/** True for `describe`, which groups tests: its callback is not a function of its own. */
function isSuite(parent: SyntaxNode | undefined): boolean {
  if (parent?.type !== 'CallExpression') return false;
  return JSON.stringify(parent.callee).includes('"name":"describe"');
}

function nameOf(node: SyntaxNode, within: readonly SyntaxNode[]): string {
  const parent = within.at(-1);
  for (const named of [node.id, parent?.key, parent?.id]) {
    if (isNode(named) && typeof named.name === 'string') return named.name;
  }
  const [first] = (parent?.type === 'CallExpression' && (parent.arguments as unknown[])) || [];
  return isNode(first) && typeof first.value === 'string' ? first.value : 'anonymous';
}

/** Text literals are not broken to fit: their own characters do not count. */
function lineLengths({ path, text, nodes }: Source): Finding[] {
  let start = 0;
  return text.split('\n').flatMap((line, index) => {
    const [from, to] = [start, start + line.length];
    start = to + 1;
    if (line.length <= MAX_COLUMNS) return [];
    const inTexts = nodes.reduce((sum, { node }) => {
      if (!isText(node)) return sum;
      return sum + Math.max(0, Math.min(to, node.end) - Math.max(from, node.start));
    }, 0);
    if (line.length - inTexts <= MAX_COLUMNS) return [];
    return [{ rule: 'line length', path, what: `line ${index + 1}`, detail: `${line.length}` }];
  });
}

function isText(node: SyntaxNode): boolean {
  return (
    node.type === 'TemplateElement' || (node.type === 'Literal' && typeof node.value === 'string')
  );
}
