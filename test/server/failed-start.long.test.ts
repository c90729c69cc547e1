import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runHush } from '../cli/run-hush.ts';
import { commandClient } from '../support/api.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { type ServedHush, ServePlace } from '../support/hush/served-hush.ts';
import { few, longTest } from '../support/length.ts';

/** A start waits ten seconds for a database that never answers; the rest is slack. */
const ENDS_WITHIN_MS = 60_000;

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let at: ServePlace;
let caller: TestCaller;
let placed: MarkerCall;
let paused: MarkerCall;
let hush: ServedHush | undefined;
const undo: (() => unknown)[] = [];

/** The data folder of a crashed process holds two live calls: one paused, one recording. */
beforeAll(async () => {
  at = await ServePlace.create({ shutdown: 'handover' });
  caller = await TestCaller.open();
  hush = await at.start();
  [placed, paused] = [await caller.call(at), await caller.call(at)];
  await Promise.all([placed.frames(50), paused.frames(50)]);
  await commandClient(at.api)('Pause', paused.correlationId);
  await hush.end('SIGKILL');
});
afterAll(async () => {
  await hush?.end('SIGKILL');
  await caller.userAgent.close();
  for (const run of undo) run();
  rmSync(at.folder, { recursive: true, force: true });
});

async function takenTcpPort(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function takenUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  undo.push(() => socket.close());
  return socket.address().port;
}

async function certificateOfAnother(): Promise<{ certFile: string; keyFile: string }> {
  const [one, other] = await Promise.all(
    ['one', 'other'].map((value) => generate([{ name: 'commonName', value }])),
  );
  const [certFile, keyFile] = [join(at.folder, 'one.crt'), join(at.folder, 'other.key')];
  writeFileSync(certFile, one?.cert ?? '');
  writeFileSync(keyFile, other?.private ?? '');
  return { certFile, keyFile };
}

function garbage(): { certFile: string; keyFile: string } {
  const file = join(at.folder, 'garbage.pem');
  writeFileSync(file, 'no certificate');
  return { certFile: file, keyFile: file };
}

const absent = { certFile: '/nowhere/hush.crt', keyFile: '/nowhere/hush.key' };
const postgres = (port: number) => ({
  store: { kind: 'postgres', url: `postgres://hush:hush@127.0.0.1:${port}/hush` },
});

const failures: Record<string, () => unknown> = {
  'the HTTP port is taken': async () => ({ http: { port: await takenTcpPort() } }),
  'the SIP port is taken on UDP': async () => ({ sip: { udpPort: await takenUdpPort() } }),
  'the SIP port is taken on TCP': async () => ({ sip: { tcpPort: await takenTcpPort() } }),
  'the address of HTTP is not ours': () => ({
    http: { host: '192.0.2.1' },
    auth: { mode: 'embedded' },
  }),
  'the address of SIP is not ours': () => ({
    sip: { host: '192.0.2.1', allowedNetworks: ['192.0.2.0/24'] },
  }),
  'the certificate of HTTP is absent': () => ({ http: { tls: absent } }),
  'the certificate of SIP is absent': () => ({ sip: { tls: absent } }),
  'the certificate of HTTP is none': () => ({ http: { tls: garbage() } }),
  'the certificate of SIP is none': () => ({ sip: { tls: garbage(), tlsPort: 0 } }),
  'the key is of another certificate': async () => ({
    http: { tls: await certificateOfAnother() },
  }),
  'the database refuses connections': async () => postgres(1),
  'the database never answers': async () => postgres(await takenTcpPort()),
  'the data folder is a file': () => ({ dataDir: 'hush.yaml' }),
  'the data folder cannot be made': () => ({ dataDir: '/proc/hush' }),
  'the data folder is a link to nowhere': () => {
    const dataDir = join(at.folder, 'link');
    rmSync(dataDir, { force: true });
    symlinkSync('/nowhere/hush', dataDir);
    return { dataDir };
  },
  'the folder of recordings is a file': () => {
    const dataDir = join(at.folder, 'third');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'recordings'), '');
    return { dataDir };
  },
  'the certificate is a pipe': () => {
    const pipe = join(at.folder, 'pipe.pem');
    rmSync(pipe, { force: true });
    execFileSync('mkfifo', [pipe]);
    return { http: { tls: { certFile: pipe, keyFile: pipe } } };
  },
  'the certificate is a folder': () => ({
    sip: { tls: { certFile: at.folder, keyFile: at.folder }, tlsPort: 0 },
  }),
  'the database is no database': () => {
    const dataDir = join(at.folder, 'other');
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'hush.sqlite'), randomBytes(65_536));
    return { dataDir };
  },
  'a setting is unknown': () => ({ recording: { pauses: true } }),
};

test.each(few(Object.keys(failures)))('where %s, a start says so and ends', async (why) => {
  const settings = (await failures[why]?.()) as Record<string, unknown>;
  const begunAt = performance.now();
  const failed = at.spawn({ settings });
  const { code, signal } = await failed.exited;
  expect(performance.now() - begunAt).toBeLessThan(ENDS_WITHIN_MS);
  expect({ signal, isZero: code === 0 }).toEqual({ signal: null, isZero: false });
  const said = failed.err.trim().split('\n');
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^hush: .{10,}/);
  // The setting, or the line of the file where it stands.
  expect(said[0]).toMatch(/\b(http\.\w+|sip\.\w+|store\.\w+|dataDir|hush\.yaml)\b/);
});

longTest('the demo that does not start ends, too', async () => {
  const env = { HUSH_DATA_DIR: join(at.folder, 'hush.yaml') };
  const { code, err } = await runHush(['demo'], { env });
  expect(code).not.toBe(0);
  expect(err).toMatch(/^hush: .+\n$/);
});

longTest('after all failures the next start continues with the calls as they were', async () => {
  expect([placed.call.state, paused.call.state]).toEqual(['established', 'established']);
  hush = await at.start();
  const listed = async (path: string) =>
    ((await (await fetch(at.api + path)).json()) as { items: Record<string, unknown>[] }).items;
  const states = new Map(
    (await listed('/api/calls')).map((call) => [call.correlationId, call.recordingState]),
  );
  expect(states.get(placed.correlationId)).toBe('Started');
  expect(states.get(paused.correlationId)).toBe('Paused');
  expect(await listed('/api/alarms?open=true')).toEqual([]);
  await placed.frames((placed.streams[0]?.sent.length ?? 0) + 50);
  await Promise.all([placed.call.end(), paused.call.end()]);
});
