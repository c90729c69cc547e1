import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { isTimeZone } from '../domain/assurance/calendar-day.ts';
import { ConfigError } from './config-error.ts';
import { applyEnvironment } from './environment.ts';
import { exposureOf } from './exposure.ts';
import { type Config, configSchema } from './schema.ts';
import type { SchemaNode } from './schema-node.ts';
import { isDuration, readDurations, writtenCount, writtenPath } from './written-settings.ts';

export interface ConfigSources {
  /** Path of the YAML file; without one only defaults and the environment apply. */
  readonly file?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

interface ParsedFile {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Loads defaults, then the file, then the environment, and checks the result once. Relative paths
 * in a file are relative to it.
 * @throws ConfigError
 */
export function loadConfig({ file, environment = {} }: ConfigSources): Config {
  const parsed = file === undefined ? undefined : parseFile(file);
  const settings = (parsed?.document.toJS() ?? {}) as Record<string, unknown>;
  if (typeof settings !== 'object' || Array.isArray(settings)) {
    throw new ConfigError(`${file}: the file must hold settings`);
  }
  readDurations(settings, configSchema as SchemaNode, {
    fail: (path, message) => fail(path, message, parsed, new Map()),
  });
  const variables = applyEnvironment(settings, configSchema as SchemaNode, environment);
  const config = Value.Default(configSchema, settings) as Config;
  check(config, parsed, variables);
  const base = file === undefined ? process.cwd() : dirname(resolve(file));
  for (const { tls } of [config.http, config.sip]) {
    for (const name of ['certFile', 'keyFile', 'caFile'] as const) {
      if (tls[name] !== undefined) tls[name] = resolve(base, tls[name]);
    }
  }
  return { ...config, dataDir: resolve(base, config.dataDir) };
}

function parseFile(file: string): ParsedFile {
  const lines = new LineCounter();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${file}: cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new ConfigError(`${file}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  return { name: file, document, lines };
}

function check(
  config: Config,
  parsed: ParsedFile | undefined,
  variables: Map<string, string>,
): void {
  for (const error of Value.Errors(configSchema, config)) {
    // The property itself is reported as well, with a better path.
    if (error.keyword === 'additionalProperties') continue;
    if (error.keyword === 'boolean') {
      fail(error.instancePath, 'is no setting', parsed, variables);
    }
    fail(writtenPath(error.instancePath), faultOf(error), parsed, variables);
  }
  const { rtp, store } = config;
  if (rtp.portMin > rtp.portMax) {
    fail('/rtp/portMax', 'must not be below rtp.portMin', parsed, variables);
  }
  if (store.kind === 'postgres' && store.url === undefined) {
    fail('/store/url', 'is needed when store.kind is postgres', parsed, variables);
  }
  for (const section of ['http', 'sip'] as const) {
    const { certFile, keyFile } = config[section].tls;
    if ((certFile === undefined) !== (keyFile === undefined)) {
      fail(`/${section}/tls`, 'needs certFile and keyFile, both or neither', parsed, variables);
    }
  }
  const { timeZone } = config.assurance;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    fail('/assurance/timeZone', 'is no time zone that is known here', parsed, variables);
  }
  const exposure = exposureOf(config);
  if (exposure) fail(exposure.path, exposure.message, parsed, variables);
  if (config.http.port === 5060 || config.http.port === 5061) {
    fail('/http/port', 'must not be 5060 or 5061: browsers refuse these ports', parsed, variables);
  }
}

type SchemaFault = ReturnType<typeof Value.Errors>[number];

function faultOf(error: SchemaFault): string {
  const key = error.instancePath.slice(error.instancePath.lastIndexOf('/') + 1);
  if (error.keyword === 'enum') {
    return `must be one of ${error.params.allowedValues.join(', ')}`;
  }
  if (!isDuration(key)) return error.message;
  if (error.keyword === 'minimum') {
    return `must be at least ${writtenCount(key, Number(error.params.limit))}`;
  }
  if (error.keyword !== 'maximum') return error.message;
  return `must be at most ${writtenCount(key, Number(error.params.limit))}`;
}

function fail(
  path: string,
  message: string,
  ...[parsed, variables]: [ParsedFile | undefined, Map<string, string>]
): never {
  const setting = path.slice(1).replaceAll('/', '.');
  // An error in a list item is reported at the source of the list.
  const variable = variables.get(path) ?? variables.get(path.replace(/\/\d+$/, ''));
  if (variable) throw new ConfigError(`${variable}: ${setting} ${message}`);
  if (!parsed) throw new ConfigError(`${setting} ${message}`);
  throw new ConfigError(`${parsed.name}:${lineOf(parsed, path)}: ${setting} ${message}`);
}

/** Returns the line of the setting, or of the closest section present. */
function lineOf({ document, lines }: ParsedFile, path: string): number {
  const parts = path
    .slice(1)
    .split('/')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let length = parts.length; length > 0; length -= 1) {
    const node = document.getIn(parts.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
