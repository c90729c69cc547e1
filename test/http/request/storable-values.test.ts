import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { type DatabaseServer, startPostgres } from '../../store/database-servers.ts';
import { ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench } from '../api-support.ts';

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: { readonly type?: unknown; readonly format?: unknown };
}
type Paths = Record<string, Record<string, { readonly parameters?: readonly Parameter[] }>>;

const document = JSON.parse(
  readFileSync(new URL('../../../api/openapi.json', import.meta.url), 'utf8'),
) as { readonly paths: Paths };

const routes = Object.entries(document.paths)
  .filter(([path]) => path.startsWith('/api/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
    })),
  );
const anId = '2d437934-4453-41a4-82c1-f21c30ccfb3d';

/** Values of each kind that a schema accepts. */
const bad = {
  text: ['%00', 'a%00b'],
  time: ['2016-12-31T23:59:60Z', '2016-12-31T23:59:60.5%2B00:00'],
  number: ['9007199254740993', '9223372036854775808', '1e30', '1e999'],
} as const;

function kindOf({ schema }: Parameter): keyof typeof bad | undefined {
  if (schema.format === 'date-time') return 'time';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return schema.type === 'string' ? 'text' : undefined;
}

describe.each(['SQLite', 'PostgreSQL'])('values on %s', (kind) => {
  let server: DatabaseServer | undefined;
  let bench: ApiBench;
  beforeAll(async () => {
    server = kind === 'SQLite' ? undefined : await startPostgres();
    const url = server && (await server.empty()).url;
    const change = (config: Config): Config => ({
      ...config,
      store: url ? { ...config.store, kind: 'postgres', url } : config.store,
    });
    bench = await openBench({ change });
  });
  afterAll(async () => {
    await bench.close();
    await server?.stop();
  });

  function ask(method: string, path: string, body?: string): Promise<Response> {
    const hasBody = ['POST', 'PUT', 'PATCH'].includes(method);
    return fetch(bench.hush.api + path, {
      method,
      ...(hasBody ? { headers: { 'Content-Type': 'application/json' }, body: body ?? '{}' } : {}),
      signal: AbortSignal.timeout(5_000),
    });
  }

  async function expectRefused(method: string, path: string, body?: string): Promise<void> {
    const response = await ask(method, path, body);
    const said = await response.text();
    expect(response.status, `${method} ${path} ${body ?? ''}: ${said}`).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  }

  test('no query parameter accepts what only one database accepts', async () => {
    for (const { method, path, parameters } of routes) {
      const at = path.replace(/\{\w+\}/g, anId);
      for (const parameter of parameters.filter((one) => one.in === 'query')) {
        const of = kindOf(parameter);
        for (const value of of ? bad[of] : []) {
          await expectRefused(method, `${at}?${parameter.name}=${value}`);
        }
      }
    }
  });

  test('no part of a path does', async () => {
    for (const { method, path } of routes.filter((route) => route.path.includes('{'))) {
      const filled = path.replace(/\{\w+\}/, 'a%00b').replace(/\{\w+\}/g, anId);
      await expectRefused(method, filled);
    }
  });

  test('no body does, and a valid time is accepted', async () => {
    for (const text of ['sip:a\\u0000@x.example', 'sip:\\ud800@x.example']) {
      await expectRefused('PATCH', `/api/uccs/${ucc}`, `{"agents":["${text}"]}`);
    }
    const cursor = Buffer.from(`9999999999999999.${anId}`).toString('base64url');
    await expectRefused('GET', `/api/recordings?cursor=${cursor}`);
    const listed = await ask(
      'GET',
      '/api/recordings?from=2016-12-31T23:59:59Z&to=9999-12-31T23:59:59Z',
    );
    expect(listed.status).toBe(200);
  });
});
