import { posix } from 'node:path';
import type { Finding, Source } from './sources.ts';

/**
 * Folders of `src` that each one imports besides its own files; a folder not listed is an adapter.
 */
const mayImport: Record<string, readonly string[]> = {
  domain: [],
  config: ['domain'],
  simulator: ['protocols'],
  demo: ['simulator', 'protocols', 'domain'],
  torture: ['simulator', 'protocols'],
  cli: [
    'server',
    'assemble',
    'offline-store',
    'version',
    'backup',
    'config',
    'demo',
    'torture',
    'domain',
    'logging',
    'client',
  ],
  main: ['cli', 'version'],
  client: [],
};
/** Only they import everything. */
const compositionRoots = new Set([
  'server',
  'assemble',
  'offline-store',
  'backup',
  'open-database',
]);
const adapterMayImport = ['domain', 'protocols'];

/** Imports run one way (ARCHITECTURE.md). */
export function importFindings({ path, nodes }: Source): Finding[] {
  const from = roomOf(path);
  if (from === undefined || compositionRoots.has(from)) return [];
  return nodes.flatMap(({ node }) => {
    if (!importing.has(node.type)) return [];
    const literal = node.source as { value?: unknown } | null;
    const target = typeof literal?.value === 'string' ? literal.value : '';
    if (!target.startsWith('.')) return [];
    const file = posix.join(posix.dirname(path), target);
    const to = roomOf(file);
    return to === from || allows(from, to) ? [] : [{ rule: 'import', path, what: file }];
  });
}

const importing = new Set([
  'ImportDeclaration',
  'ImportExpression',
  'TSImportType',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
]);

/** Returns `domain`, `protocols/sip`, `server` or `client`; undefined elsewhere. */
function roomOf(path: string): string | undefined {
  const [top, ...rest] = path.split('/');
  if (top === 'client') return 'client';
  if (top !== 'src') return undefined;
  const [room = '', inner = ''] = rest;
  return room === 'protocols' ? `${room}/${inner}` : room.replace(/\.ts$/, '');
}

function allows(from: string, to: string | undefined): boolean {
  if (to === undefined || from.startsWith('protocols/')) return false;
  const allowed = mayImport[from] ?? adapterMayImport;
  return allowed.includes(to) || (to.startsWith('protocols/') && allowed.includes('protocols'));
}
