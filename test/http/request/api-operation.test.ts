import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiFile, openApiText } from '../../../scripts/write-openapi.ts';
import { version } from '../../../src/version.ts';
import { type ApiBench, openBench, problem, problemOf, record } from '../api-support.ts';

let bench: ApiBench;

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(bench.hush.api + path, init);
}

describe('/api/health', () => {
  test('answers 200 when ready, with the version', async () => {
    const response = await get('/api/health');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(`{"status":"ready","version":"${version}"}`);
  });

  test('gives the reasons in its details', async () => {
    const { call } = await bench.caller.call(bench.hush);
    const response = await get('/api/health/details');
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      `{"status":"ready","version":"${version}","recorder":"available","store":"available","callsInProgress":1}`,
    );
    await call.end();
  });
});

describe('/metrics', () => {
  test('counts commands, events and packets', async () => {
    await record(bench, { commands: ['Pause', 'Start', 'Start'] });
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    const text = await response.text();
    for (const line of [
      'hush_commands_total{outcome="ok"} 2',
      'hush_commands_total{outcome="cannotStart"} 1',
      'hush_command_duration_seconds_count 2',
      'hush_events_total{type="recordingStateChanged",action="Pause"} 1',
      `hush_build_info{version="${version}"} 1`,
      'hush_recorder_available 1',
      'hush_calls_in_progress 0',
      'hush_streams_open 0',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).toMatch(/^hush_rtp_packets_total\{outcome="kept"\} [1-9]\d*$/m);
  });
});

describe('problems of the Hush API', () => {
  test.each(['/no/such/path', '/api', '/api/nothing', '/attendantservice'])(
    '404: %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(await problemOf(response)).toEqual(
        problem(404, 'Not found', 'There is no such resource.'),
      );
    },
  );

  test.each([
    ['POST', '/api/calls', 'GET, HEAD'],
    ['DELETE', '/api/recordings/x', 'GET, HEAD'],
    ['PUT', '/api/recordings/x/audio', 'GET, HEAD'],
    ['POST', '/api/uccs', 'GET, HEAD'],
    ['DELETE', '/API/uccs/x', 'GET, HEAD, PUT, PATCH'],
    ['POST', '/api/health', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['POST', '/api/openapi.json', 'GET, HEAD'],
  ])('405: %s %s', async (method, path, allow) => {
    const response = await get(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await problemOf(response)).toEqual(problem(405, 'Method not allowed'));
  });

  test.each([
    [400, '/api/calls/%zz', 'Bad request'],
    [414, `/api/calls/${'x'.repeat(600)}`, 'Address too long'],
  ])('%i for an address that reaches no route', async (status, path, title) => {
    expect(await problemOf(await get(path))).toEqual(problem(status, title));
  });
});

/** Routes with their methods. */
const routes = {
  '/attendantservice/api/recording/{uccName}/{correlationId}': 'get',
  '/attendantservice/api/recording/set': 'post',
  '/attendantservice/api/v2/recording/{uccName}/{correlationId}': 'get',
  '/attendantservice/api/v2/recording/set': 'post',
  '/attendantservice/api/v2/recording/capabilities/{uccName}': 'get',
  '/auth/realms/{tenantId}/.well-known/openid-configuration': 'get',
  '/auth/realms/{tenantId}/protocol/openid-connect/certs': 'get',
  '/auth/realms/{tenantId}/protocol/openid-connect/token': 'post',
  '/api/audit-log': 'get',
  '/api/alarms': 'get',
  '/api/assurance/daily': 'get',
  '/api/assurance/reconcile': 'post',
  '/api/calls/{id}/health': 'get',
  '/attendantservice/api/recording/capabilities/{uccName}': 'get',
  '/api/archive/check': 'get post',
  '/api/archive/key-rotation': 'get post',
  '/api/archive/retention': 'get',
  '/api/archive/retention/confirmation': 'post',
  '/api/archive/storage': 'get',
  '/api/calls': 'get',
  '/api/calls/levels': 'get',
  '/api/calls/{id}': 'get',
  '/api/calls/{id}/audio': 'get',
  '/api/calls/{id}/events': 'get',
  '/api/calls/{id}/pauses': 'get post',
  '/api/calls/{id}/pauses/{owner}': 'delete put',
  '/api/calls/{id}/receipts': 'get',
  '/api/me': 'get',
  '/api/recordings': 'get',
  '/api/recordings/{id}': 'get',
  '/api/recordings/{id}/audio': 'get',
  '/api/recordings/{id}/audio-tickets': 'post',
  '/api/recordings/{id}/erasures': 'get post',
  '/api/recordings/{id}/legal-hold': 'delete put',
  '/api/recordings/{id}/peaks': 'get',
  '/api/recordings/{id}/sidecar': 'get',
  '/api/recordings/{id}/vcon': 'get',
  '/api/sign-in': 'get post',
  '/api/sign-in/renewal': 'post',
  '/api/sign-in/refresh': 'post',
  '/api/sign-in/first-admin': 'post',
  '/api/uccs': 'get',
  '/api/uccs/{name}': 'get patch put',
  '/api/users': 'get',
  '/api/users/{name}': 'delete put',
  '/api/clients': 'get',
  '/api/clients/{id}': 'delete put',
  '/api/events': 'get',
  '/api/webhooks': 'get',
  '/api/webhooks/{name}': 'delete get put',
  '/api/webhooks/{name}/dead-letters': 'get',
  '/api/webhooks/{name}/dead-letters/redeliver': 'post',
  '/api/health': 'get',
  '/api/health/details': 'get',
  '/metrics': 'get',
};

describe('the description of the API', () => {
  test('api/openapi.json is up to date: npm run openapi', async () => {
    expect(readFileSync(openApiFile, 'utf8')).toBe(await openApiText());
  });

  test('is served at /api/openapi.json', async () => {
    const response = await get('/api/openapi.json');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(JSON.parse(readFileSync(openApiFile, 'utf8')));
  });

  test('names every route', () => {
    const { openapi, paths } = JSON.parse(readFileSync(openApiFile, 'utf8'));
    expect(openapi).toBe('3.1.0');
    const named = Object.entries<object>(paths).map(([path, methods]) => [
      path,
      Object.keys(methods).sort().join(' '),
    ]);
    expect(Object.fromEntries(named)).toEqual(routes);
  });

  test('is shown at /docs, with nothing from elsewhere', async () => {
    const response = await get('/docs');
    expect(response.url).toMatch(/\/docs\/$/);
    const html = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(html).toContain('/api/openapi.json');
    const scripts = [...html.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, source = ''] of scripts) {
      expect(source).not.toMatch(/^(?:https?:)?\/\//);
      expect((await get(`/docs/${source}`)).status).toBe(200);
    }
  });
});
