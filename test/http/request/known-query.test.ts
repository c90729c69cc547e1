import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench } from '../api-support.ts';

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: { readonly type?: unknown };
}
type Paths = Record<string, Record<string, { readonly parameters?: readonly Parameter[] }>>;

const document = JSON.parse(
  readFileSync(new URL('../../../api/openapi.json', import.meta.url), 'utf8'),
) as { readonly paths: Paths };

const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({
    method: method.toUpperCase(),
    path,
    query: parameters.filter((parameter) => parameter.in === 'query'),
  })),
);
const isOurs = ({ path }: { path: string }): boolean => /^\/(api|metrics)/.test(path);

let bench: ApiBench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

interface Asked {
  readonly method: string;
  readonly path: string;
}

function ask({ method, path }: Asked, query: string): Promise<Response> {
  const filled = path.replace(/\{\w+\}/g, '2d437934-4453-41a4-82c1-f21c30ccfb3d');
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  return fetch(`${bench.hush.api}${filled}?${query}`, {
    method,
    ...(hasBody ? { headers: { 'Content-Type': 'application/json' }, body: '{}' } : {}),
    signal: AbortSignal.timeout(5_000),
  });
}

async function expectRefused(route: Asked, query: string): Promise<void> {
  const response = await ask(route, query);
  expect(response.status, `${route.method} ${route.path}?${query}`).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const { detail } = (await response.json()) as { detail: string };
  expect(detail).toMatch(/query/);
  expect(detail).not.toContain('s3cret');
}

describe.each(routes.filter(isOurs))('$method $path', ({ method, path, query }) => {
  const route = { method, path };

  test('refuses unknown parameters, near misses among them', async () => {
    const misses = query.flatMap(({ name }) => [
      name.slice(0, -1),
      `${name}s`,
      `${name}[]`,
      `${name}%20`,
      name.toUpperCase(),
      name.charAt(0).toUpperCase() + name.slice(1),
    ]);
    const names = query.map(({ name }) => name);
    for (const name of ['agnt', 's3cret', '_', '__proto__', 'constructor', ...misses]) {
      if (!names.includes(name)) await expectRefused(route, `${name}=1`);
    }
  });

  test('refuses empty and repeated parameters', async () => {
    for (const { name, schema } of query) {
      for (const nothing of [name, `${name}=`, `${name}=%20`, `${name}=+%09`]) {
        await expectRefused(route, nothing);
      }
      await expectRefused(route, `${name}=a&${name}=`);
      if (schema.type !== 'array') await expectRefused(route, `${name}=1&${name}=1`);
    }
  });
});

test('every route is tested, and knows its documented parameters', async () => {
  expect(routes.filter(isOurs).length).toBeGreaterThan(40);
  expect(routes.flatMap(({ query }) => query).length).toBeGreaterThan(25);
  const listed = await ask({ method: 'GET', path: '/api/calls' }, `agent=${agent}&ucc=${ucc}`);
  expect(listed.status).toBe(200);
  const levels = await ask({ method: 'GET', path: '/api/calls/levels' }, 'id=a&id=b');
  expect(levels.status).toBe(200);
  expect((await ask({ method: 'GET', path: '/api/calls' }, '')).status).toBe(200);
});

test('a misspelt filter is refused instead of listing everything', async () => {
  const placed = await bench.caller.call(bench.hush);
  for (const query of ['agnt=x', 'Agent=x', 'agent=', 'agent', 'agent=x&agent=y', 'agent=%09']) {
    const response = await ask({ method: 'GET', path: '/api/calls' }, query);
    expect(response.status, query).toBe(400);
    expect(await response.text()).not.toContain(placed.correlationId);
  }
  const nobody = await ask({ method: 'GET', path: '/api/calls' }, 'agent=sip:nobody@example.com');
  expect(await nobody.json()).toEqual({ items: [] });
  await placed.call.end();
});

test('the contract, the token endpoint and pages accept what existing clients append', async () => {
  const base = `${bench.hush.api}/attendantservice/api/recording`;
  const state = await fetch(`${base}/${ucc}/2d437934-4453-41a4-82c1-f21c30ccfb3d?_=1700000000`);
  expect(state.status).toBe(200);
  expect((await fetch(`${base}/capabilities/${ucc}?_=1`)).status).toBe(200);
  const set = await fetch(`${base}/set?_=1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ Action: 'Pause', UCCName: ucc }),
  });
  expect(set.status).toBe(200);
  const hub = `${bench.hush.api}/attendantservice/hubs/recording/negotiate?negotiateVersion=1&_=1`;
  expect((await fetch(hub, { method: 'POST' })).status).toBe(200);
  expect((await fetch(`${bench.hush.api}/docs/?_=1`)).status).toBe(200);
});
