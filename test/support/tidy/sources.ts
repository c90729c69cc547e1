import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A node of the syntax tree (ESTree with TypeScript's own nodes). */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Source {
  /** Path relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Every node with its ancestors, the nearest last. */
  readonly nodes: readonly { readonly node: SyntaxNode; readonly within: readonly SyntaxNode[] }[];
}

export function parseSource(path: string, text: string): Source {
  const program = parseAst(text, { lang: languageOf(path) }, path);
  const nodes: { node: SyntaxNode; within: SyntaxNode[] }[] = [];
  const walk = (value: unknown, within: SyntaxNode[]): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, within);
    } else if (isNode(value)) {
      nodes.push({ node: value, within });
      for (const child of Object.values(value)) walk(child, [...within, value]);
    }
  };
  walk(program, []);
  return { path, text, nodes };
}

function languageOf(path: string): 'dts' | 'tsx' | 'ts' {
  if (path.endsWith('.d.ts')) return 'dts';
  return path.endsWith('.tsx') ? 'tsx' : 'ts';
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** A breach of a rule. */
export interface Finding {
  readonly rule: Rule;
  readonly path: string;
  /** The fault within the file: the function, the imported file, the line. */
  readonly what?: string;
  readonly detail?: string;
}

export type Rule =
  | 'import'
  | 'file length'
  | 'function length'
  | 'line length'
  | 'prose length'
  | 'folder'
  | 'place';

/** Returns files below the given ones, except installed and generated files. */
export function projectFiles(names: readonly string[], extensions: readonly string[]): string[] {
  return names.flatMap((name) => {
    const path = join(root, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return [];
    if (!stat.isDirectory()) return [name];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && extensions.some((end) => entry.name.endsWith(end)))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  });
}

export function readProjectFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
