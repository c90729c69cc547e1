import { ConfigError } from './config-error.ts';
import type { SchemaNode } from './schema-node.ts';
import { countOf, durationFault, isDuration, renamed, writtenName } from './written-settings.ts';

type Tree = Record<string, unknown>;

interface NamedNode extends SchemaNode {
  readonly name: string;
}

/** Returns the variable of a setting: `HUSH_HTTP_BODY_LIMIT_BYTES` for `http.bodyLimitBytes`. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/([A-Z])/g, '_$1').toUpperCase());
  return `HUSH_${words.join('_')}`;
}

/**
 * Applies variables: every setting that is no list of objects has one; items of a list are
 * separated by commas.
 * @returns the variable of each setting, by its path as people write it
 */
export function applyEnvironment(
  settings: Tree,
  schema: SchemaNode,
  environment: NodeJS.ProcessEnv,
): Map<string, string> {
  const applied = new Map<string, string>();
  const visit = (node: SchemaNode, path: readonly string[]): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const written = [...path, writtenName(name)];
      const variable = environmentName(written);
      if (isDuration(name)) refuseFormerName(environment, [...path, name], variable);
      const text = environment[variable];
      if (child.properties) visit(child, written);
      else if (text !== undefined && child.items?.properties === undefined) {
        assign(settings, [...path, name], parseValue(text, { ...child, name }, variable));
        applied.set(`/${written.join('/')}`, variable);
      }
    }
  };
  visit(schema, []);
  return applied;
}

function refuseFormerName(
  environment: NodeJS.ProcessEnv,
  path: readonly string[],
  variable: string,
): void {
  const former = environmentName(path);
  const text = environment[former];
  if (text === undefined) return;
  throw new ConfigError(`${former} ${renamed(path.at(-1) ?? '', variable, text)}`);
}

function parseValue(text: string, node: NamedNode, variable: string): unknown {
  if (isDuration(node.name)) {
    const count = countOf(node.name, text);
    if (count === undefined) throw new ConfigError(`${variable} ${durationFault(node.name)}`);
    return count;
  }
  if (node.type === 'array') {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  if (node.type === 'integer') {
    if (!/^\d+$/.test(text)) throw new ConfigError(`${variable} must be a whole number`);
    return Number(text);
  }
  if (node.type === 'boolean') {
    if (text !== 'true' && text !== 'false') {
      throw new ConfigError(`${variable} must be true or false`);
    }
    return text === 'true';
  }
  return text;
}

function assign(settings: Tree, path: readonly string[], value: unknown): void {
  let at = settings;
  for (const part of path.slice(0, -1)) {
    at[part] ??= {};
    // A wrong value in place of a section stays: the check of the whole reports it.
    if (typeof at[part] !== 'object') return;
    at = at[part] as Tree;
  }
  at[path.at(-1) as string] = value;
}
