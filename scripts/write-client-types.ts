import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openApiFile } from './write-openapi.ts';

export const clientTypesFile = fileURLToPath(
  new URL('../client/src/api-types.ts', import.meta.url),
);

/** JSON Schema, as far as the routes use it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly description?: string;
  readonly anyOf?: readonly Schema[];
}

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema?: Schema }>> }>
  >;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const HEADER = `// Written by \`npm run client-types\` from api/openapi.json: do not edit.

/** Every operation of the API by its method and path: what it takes, and what it answers. */
export interface Operations {
`;

const primitives: Record<string, string> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** Returns the text of `client/src/api-types.ts`. */
export function clientTypesText(document: Document): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationText(method, path, operation)),
  );
  return `${HEADER}${operations.join('')}}\n`;
}

function operationText(method: string, path: string, operation: Operation): string {
  const { parameters = [], requestBody, responses = {}, summary } = operation;
  const named = (where: string) => parameters.filter((parameter) => parameter.in === where);
  const body = requestBody?.content['application/json']?.schema;
  const answers = Object.entries(responses).flatMap(([status, { content }]) => {
    const schema = content?.['application/json']?.schema;
    return status.startsWith('2') && schema ? [typeText(schema, 4)] : [];
  });
  const fields = [
    ['path', parameterText(named('path'))],
    ['query', parameterText(named('query'))],
    ['body', body ? typeText(body, 4) : 'undefined'],
    ['answer', [...new Set(answers)].join(' | ') || 'unknown'],
  ];
  const comment = summary === undefined ? '' : `  /** ${summary} */\n`;
  const lines = fields.map(([name, text]) => `    ${name}: ${text};\n`).join('');
  return `${comment}  '${method.toUpperCase()} ${path}': {\n${lines}  };\n`;
}

function parameterText(parameters: NonNullable<Operation['parameters']>): string {
  const fields = parameters.map(({ name, required, schema }) => {
    return `${fieldName(name)}${required ? '' : '?'}: ${typeText(schema, 4)}`;
  });
  return fields.length === 0 ? 'Record<never, never>' : `{ ${fields.join('; ')} }`;
}

function typeText(schema: Schema, indent: number): string {
  if (schema.enum) return schema.enum.map((value) => quoted(value)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((one) => typeText(one, indent)).join(' | ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const texts = types.map((type) => {
    if (type === 'array') return `readonly (${typeText(schema.items ?? {}, indent)})[]`;
    if (type === 'object') return objectText(schema, indent);
    return primitives[type] ?? 'unknown';
  });
  return texts.length === 0 ? 'unknown' : texts.join(' | ');
}

function objectText({ properties, required = [] }: Schema, indent: number): string {
  if (!properties) return 'Readonly<Record<string, unknown>>';
  const pad = ' '.repeat(indent + 2);
  const fields = Object.entries(properties).map(([name, schema]) => {
    const comment = schema.description === undefined ? '' : `${pad}/** ${schema.description} */\n`;
    const mark = required.includes(name) ? '' : '?';
    const text = typeText(schema, indent + 2);
    return `${comment}${pad}readonly ${fieldName(name)}${mark}: ${text};\n`;
  });
  return `{\n${fields.join('')}${' '.repeat(indent)}}`;
}

function fieldName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

function main(): void {
  const document = JSON.parse(readFileSync(openApiFile, 'utf8')) as Document;
  writeFileSync(clientTypesFile, clientTypesText(document));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
