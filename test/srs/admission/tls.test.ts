import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SipRejectedError } from '../../../src/protocols/sip/message/errors.ts';
import { Certificate } from '../../../src/protocols/tls/certificate.ts';
import { markersInWav } from '../../../src/simulator/wav-markers.ts';
import { TestCaller } from '../../support/calls.ts';
import { TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { programPath } from '../../support/programs.ts';

const folder = temporaryFolder();
const files = (name: string) => ({
  certFile: join(folder, `${name}.crt`),
  keyFile: join(folder, `${name}.key`),
});

async function install(name: string, commonName = name): Promise<void> {
  const pems = await generate([{ name: 'commonName', value: commonName }], { algorithm: 'sha256' });
  writeFileSync(files(name).certFile, pems.cert);
  writeFileSync(files(name).keyFile, pems.private);
}

/** As a controller stands for itself, and whom it believes. */
function controller(name: string, caFile: string): Certificate {
  const fail = (cause: unknown): void => {
    throw cause;
  };
  return new Certificate({ ...files(name), caFile, minVersion: 'TLSv1.2' }, fail);
}

beforeAll(async () => {
  for (const name of ['hush', 'controller', 'stranger']) await install(name);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function startHush(more: object = {}): Promise<TestHush> {
  return TestHush.start({
    config: (config) => ({
      ...config,
      sip: { ...config.sip, tls: { ...config.sip.tls, ...files('hush'), ...more } },
    }),
  });
}

function peerOf(hush: TestHush) {
  return { peer: { address: '127.0.0.1', port: hush.sipTlsPort, transport: 'TLS' as const } };
}

describe('SIP over TLS', () => {
  let hush: TestHush;

  beforeAll(async () => {
    hush = await startHush({ caFile: files('controller').certFile });
  });
  afterAll(() => hush.remove());

  it('a controller that shows its certificate is recorded, held and hung up by it', async () => {
    const certificate = controller('controller', files('hush').certFile);
    const caller = await TestCaller.open({ tls: { port: 0, certificate } });
    const call = await caller.call(peerOf(hush), { srtp: 'AEAD_AES_128_GCM' });
    await call.frames(15);
    expect((await call.call.hold({ keepSending: true })).statusCode).toBe(200);
    expect((await call.call.resume()).statusCode).toBe(200);
    await call.frames(40);
    await call.call.end();
    await hush.settled(call.correlationId);
    const { id } = await hush.get(`/api/recordings/${call.correlationId}`);
    const [left] = markersInWav(await hush.audio(id));
    expect(left?.get(call.streams[0]?.tag ?? 0)?.size).toBeGreaterThan(25);
    await caller.close();
    certificate.close();
  });

  it('Hush itself ends a call over the connection that brought it', async () => {
    const other = await startHush();
    const certificate = controller('controller', files('hush').certFile);
    const caller = await TestCaller.open({ tls: { port: 0, certificate } });
    const { call } = await caller.call(peerOf(other));
    const ended = new Promise((resolve) => call.onEnded(resolve));
    await other.stop();
    expect(await ended).toBe('server');
    await caller.close();
    certificate.close();
  });

  it('hangs up on a controller whose certificate it does not know', async () => {
    const certificate = controller('stranger', files('hush').certFile);
    const { cert, key, ca } = certificate.options;
    const socket = connect({
      ...{ port: hush.sipTlsPort, host: '127.0.0.1', cert, key, ca },
      checkServerIdentity: () => undefined,
    });
    socket.write('OPTIONS sip:a@b SIP/2.0\r\n\r\n');
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
    const metrics = await (await fetch(`${hush.api}/metrics`)).text();
    expect(metrics).toMatch(/hush_sip_dropped_total\{reason="handshakeFailed"\} [1-9]/);
    certificate.close();
  });

  it('connects to nobody whose certificate it does not know', async () => {
    const certificate = controller('controller', files('stranger').certFile);
    const caller = await TestCaller.open({ tls: { port: 0, certificate } });
    await expect(caller.call(peerOf(hush))).rejects.toBeInstanceOf(SipRejectedError);
    await caller.close();
    certificate.close();
  });
});

describe('SIP over TLS seen by openssl', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await startHush();
  });
  afterAll(() => hush.remove());

  it('answers OPTIONS with a TLS Contact', async () => {
    const args = ['s_client', '-quiet', '-connect', `127.0.0.1:${hush.sipTlsPort}`];
    const child = spawn(programPath('openssl'), args, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.write(
      [
        `OPTIONS sips:${ucc}@127.0.0.1 SIP/2.0`,
        'Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bKopenssl;rport',
        ...['From: <sips:a@b>;tag=1', `To: <sips:${ucc}@127.0.0.1>`, 'Call-ID: openssl'],
        ...['CSeq: 1 OPTIONS', 'Max-Forwards: 70', 'Content-Length: 0', '', ''],
      ].join('\r\n'),
    );
    const [answer] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill();
    expect(answer.toString()).toMatch(/^SIP\/2\.0 200 /);
    expect(answer.toString()).toContain(`<sips:127.0.0.1:${hush.sipTlsPort};transport=tls>`);
  });

  it('renews its certificate without restart or loss of calls in progress', async () => {
    const shake = (): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const port = hush.sipTlsPort;
        const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
        socket.once('secureConnect', () => resolve(socket));
        socket.once('error', reject);
      });
    const nameOf = (socket: TLSSocket) =>
      (socket.getPeerCertificate() as PeerCertificate).subject.CN;
    const first = await shake();
    expect(nameOf(first)).toBe('hush');
    await install('hush', 'renewed');
    hush.reload();
    const second = await shake();
    expect(nameOf(second)).toBe('renewed');
    first.write('\r\n\r\n');
    const [pong] = (await once(first, 'data')) as [Buffer];
    expect(pong.toString()).toBe('\r\n');
    writeFileSync(files('hush').keyFile, 'no key');
    hush.reload();
    const third = await shake();
    expect(nameOf(third)).toBe('renewed');
    for (const socket of [first, second, third]) socket.destroy();
  });
});
