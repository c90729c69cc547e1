import { readFileSync } from 'node:fs';
import { exchange } from './exchange.ts';
import { mutate, nastyText, type Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'BREW'];
const contentTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/json; charset=utf-16',
  'multipart/form-data; boundary=x',
];

/** Returns every operation of the OpenAPI document, and those that it omits. */
export function operations(): Operation[] {
  const file = new URL('../api/openapi.json', import.meta.url);
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const described = Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => ({ method: method.toUpperCase(), path })),
  );
  const hidden = ['/docs/', '/api/openapi.json', '/', '/attendantservice/hubs/recording/negotiate'];
  return [...described, ...hidden.map((path) => ({ method: 'GET', path }))];
}

/** Sends one request mutated from a valid one, on a socket of its own. */
export async function fuzzHttp(
  target: FuzzTarget,
  random: Random,
  known: readonly Operation[],
): Promise<{ sent: string; answer: string }> {
  const sent = requestOf(target, random, random.pick(known));
  return { sent, answer: await exchange(target.httpPort, Buffer.from(sent, 'latin1'), random) };
}

function requestOf(target: FuzzTarget, random: Random, operation: Operation): string {
  const method = random.chance(0.1) ? random.pick(methods) : operation.method;
  const path = pathOf(target, random, operation.path);
  const body = method === 'GET' || method === 'HEAD' ? '' : bodyOf(target, random, path);
  const headers = [
    'Host: localhost',
    ...(random.chance(0.9) ? [`Content-Type: ${random.pick(contentTypes)}`] : []),
    ...(random.chance(0.2) ? [`Authorization: Bearer ${tokenOf(random)}`] : []),
    ...(random.chance(0.1) ? [`${nastyText(random).slice(0, 50)}: ${nastyText(random)}`] : []),
    ...(random.chance(0.1) ? [`Range: bytes=${nastyText(random)}-${random.below(99)}`] : []),
    ...(random.chance(0.1) ? [`Last-Event-ID: ${nastyText(random)}`] : []),
    ...(random.chance(0.1) ? [`X-Forwarded-For: ${nastyText(random)}`] : []),
  ];
  const length = random.chance(0.95) ? Buffer.byteLength(body, 'latin1') : random.below(200);
  if (body !== '' || random.chance(0.1)) headers.push(`Content-Length: ${length}`);
  headers.push('Connection: close');
  const request = `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
  return random.chance(0.1) ? mutate(random, request) : request;
}

function pathOf(target: FuzzTarget, random: Random, path: string): string {
  const values = [target.ucc, target.correlationId, encodeURIComponent(safe(nastyText(random)))];
  const filled = path.replace(/\{\w+\}/g, () =>
    random.chance(0.7) ? random.pick(values.slice(0, 2)) : (values[2] ?? ''),
  );
  const query = random.chance(0.3)
    ? `?${random.pick(['ucc', 'cursor', 'limit', 'since', 'from', 'to', 'agent'])}=${encodeURIComponent(safe(nastyText(random)))}`
    : '';
  return random.chance(0.2) ? mutate(random, filled + query).replaceAll(' ', '') : filled + query;
}

function bodyOf(target: FuzzTarget, random: Random, path: string): string {
  const command = {
    Action: random.pick(['Mark', 'Pause', 'Start', 'Save', 3, 99, null, {}]),
    RequesterSipUri: random.chance(0.7) ? target.agent : nastyText(random),
    CorrelationId: random.chance(0.7) ? target.correlationId : nastyText(random),
    UCCName: random.chance(0.8) ? target.ucc : nastyText(random),
  };
  const settings = { agents: [nastyText(random)], url: nastyText(random), secret: 7 };
  const form = 'client_id=coreapi&client_secret=x&username=y&password=z&grant_type=password';
  const valid = path.includes('/token')
    ? form
    : JSON.stringify(path.endsWith('/set') ? command : settings);
  return random.chance(0.5) ? mutate(random, valid) : valid;
}

function tokenOf(random: Random): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: random.pick(['none', 'HS256', 'RS256']), kid: 'x' })}.${part({ iss: nastyText(random) })}.AAAA`;
  return mutate(random, token).replace(/[\r\n]/g, '');
}

/** Replaces lone surrogates, which cannot be percent-encoded. */
function safe(text: string): string {
  return text.toWellFormed();
}
