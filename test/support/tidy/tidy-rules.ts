import { importFindings } from './import-rule.ts';
import { isNode, type Source, type SyntaxNode } from './sources.ts';

export const MAX_FILE_LINES = 250;
export const MAX_FUNCTION_LINES = 50;
export const MAX_COLUMNS = 100;

export type Rule =
  | 'import'
  | 'file length'
  | 'function length'
  | 'line length'
  | 'any'
  | 'default export'
  | 'enum'
  | 'namespace'
  | 'non-null'
  | 're-export'
  | 'console'
  | 'place';

export interface Finding {
  readonly rule: Rule;
  readonly path: string;
  /** The function, the imported file, the line: what is at fault within the file. */
  readonly what?: string;
  readonly detail?: string;
}

const rules: readonly ((source: Source) => Finding[])[] = [
  importFindings,
  fileLength,
  functionLengths,
  lineLengths,
  forbiddenSyntax,
  consoleCalls,
];

export function findingsIn(source: Source): Finding[] {
  return rules.flatMap((rule) => rule(source));
}

/** Paths of one machine, and names of folders that are not part of the project. */
export function placesIn(path: string, text: string): Finding[] {
  const places = /\/work[/][\w.-]*|\bshared[/][\w.-]*|[.]library\b/g;
  return [...text.matchAll(places)].map(([what]) => ({ rule: 'place', path, what }));
}

function fileLength({ path, text }: Source): Finding[] {
  const lines = text.trimEnd().split('\n').length;
  return lines <= MAX_FILE_LINES ? [] : [{ rule: 'file length', path, detail: `${lines} lines` }];
}

function functionLengths({ path, text, nodes }: Source): Finding[] {
  return nodes.flatMap(({ node, within }) => {
    if (!functions.has(node.type) || isSuite(within.at(-1))) return [];
    const lines = text.slice(node.start, node.end).split('\n').length;
    if (lines <= MAX_FUNCTION_LINES) return [];
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

/** `describe` groups tests: what it is given is not a function of its own. */
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

/** A text is not broken to fit: its own characters do not count. */
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

function forbiddenSyntax({ path, text, nodes }: Source): Finding[] {
  return nodes.flatMap(({ node }) => {
    const rule = forbiddenBy(node);
    if (!rule) return [];
    return [{ rule, path, what: `line ${text.slice(0, node.start).split('\n').length}` }];
  });
}

function forbiddenBy(node: SyntaxNode): Rule | undefined {
  switch (node.type) {
    case 'TSAnyKeyword':
      return 'any';
    case 'ExportDefaultDeclaration':
    case 'TSExportAssignment':
      return 'default export';
    case 'TSEnumDeclaration':
      return 'enum';
    case 'TSModuleDeclaration':
      return node.kind === 'namespace' ? 'namespace' : undefined;
    case 'TSNonNullExpression':
      return 'non-null';
    case 'VariableDeclarator':
    case 'PropertyDefinition':
      return node.definite === true ? 'non-null' : undefined;
    case 'ExportAllDeclaration':
      return 're-export';
    case 'ExportNamedDeclaration':
      return isNode(node.source) ? 're-export' : undefined;
    default:
      return undefined;
  }
}

const mayPrint = /^src\/(cli\/|demo\/|main\.ts$)/;

/** The server has a logger; what talks to a terminal may print. */
function consoleCalls({ path, nodes }: Source): Finding[] {
  if (!path.startsWith('src/') || mayPrint.test(path)) return [];
  return nodes.flatMap(({ node }) => {
    const { object } = node;
    if (node.type !== 'MemberExpression' || !isNode(object)) return [];
    return object.type === 'Identifier' && object.name === 'console'
      ? [{ rule: 'console', path }]
      : [];
  });
}
