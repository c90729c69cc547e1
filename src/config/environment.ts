import { ConfigError } from './config-error.ts';

type Tree = Record<string, unknown>;

export interface SchemaNode {
  readonly type?: string;
  readonly properties?: Record<string, SchemaNode>;
  readonly items?: SchemaNode;
}

/** Returns the variable of a setting: `HUSH_HTTP_BODY_LIMIT_BYTES` for `http.bodyLimitBytes`. */
export function environmentName(path: readonly string[]): string {
  const words = path.map((part) => part.replace(/([A-Z])/g, '_$1').toUpperCase());
  return `HUSH_${words.join('_')}`;
}

/**
 * Applies variables: every setting that is no list of objects has one; items of a list are
 * separated by commas.
 */
export function applyEnvironment(
  settings: Tree,
  schema: SchemaNode,
  environment: NodeJS.ProcessEnv,
): Map<string, string> {
  const applied = new Map<string, string>();
  const visit = (node: SchemaNode, path: readonly string[]): void => {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      const childPath = [...path, name];
      const variable = environmentName(childPath);
      const text = environment[variable];
      if (child.properties) visit(child, childPath);
      else if (text !== undefined && child.items?.properties === undefined) {
        assign(settings, childPath, parseValue(text, child, variable));
        applied.set(`/${childPath.join('/')}`, variable);
      }
    }
  };
  visit(schema, []);
  return applied;
}

function parseValue(text: string, node: SchemaNode, variable: string): unknown {
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
