import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  SipTransportName,
  SipUserAgent,
} from '../../../../src/protocols/sip/message/types.ts';
import { createSipUserAgent } from '../../../../src/protocols/sip/user-agent/user-agent.ts';
import { Certificate } from '../../../../src/protocols/tls/certificate.ts';
import { temporaryFolder } from '../../../support/hush/hush.ts';
import { type Torture, tortures } from './messages.ts';

const folder = temporaryFolder();
let agent: SipUserAgent;
let certificate: Certificate;
let serial = 0;

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'agent' }], { algorithm: 'sha256' });
  const files = { certFile: join(folder, 'crt'), keyFile: join(folder, 'key') };
  writeFileSync(files.certFile, pems.cert);
  writeFileSync(files.keyFile, pems.private);
  certificate = new Certificate({ ...files, minVersion: 'TLSv1.2' }, () => {});
  agent = await createSipUserAgent({
    ...{ host: '127.0.0.1', udpPort: 0, tcpPort: 0, tls: { port: 0, certificate } },
    userAgent: 'torture',
    limits: {
      ...{ maxMessageBytes: 65_535, maxTcpConnections: 100 },
      ...{ tcpIdleTimeoutMs: 60_000, maxTransactions: 10_000 },
    },
    onInvite: (invite) => invite.reject({ statusCode: 486 }),
  });
});
afterAll(async () => {
  await agent.close();
  certificate.close();
  rmSync(folder, { recursive: true, force: true });
});

function portOf(transport: SipTransportName): number {
  const ports = { UDP: agent.udpPort, TCP: agent.tcpPort, TLS: agent.tlsPort };
  return ports[transport] ?? 0;
}

function placed(message: string, transport: SipTransportName, localPort: number): Buffer {
  const via = `${transport} 127.0.0.1:${localPort}`;
  const here = `127.0.0.1:${portOf(transport)}`;
  // The same request by another way would be a loop (RFC 3261 section 8.2.2.2).
  const own = message.replaceAll('torture', `torture${transport}`);
  return Buffer.from(own.replaceAll('VIA', via).replaceAll('HERE', here));
}

/** A request that is answered 200: whatever was answered before it has come by then. */
function sentinel(transport: SipTransportName, localPort: number): { id: string; data: Buffer } {
  serial += 1;
  const id = `sentinel-${serial}`;
  const lines = [
    ...['OPTIONS sip:a@HERE SIP/2.0', `Via: SIP/2.0/VIA;branch=z9hG4bK${id};rport`],
    ...[`From: <sip:a@b>;tag=${id}`, 'To: <sip:a@b>', `Call-ID: ${id}`, 'CSeq: 1 OPTIONS'],
    ...['Max-Forwards: 70', 'Content-Length: 0', '', ''],
  ];
  return { id, data: placed(lines.join('\r\n'), transport, localPort) };
}

function statusesIn(text: string, id: string): number[] {
  const before = text.split(/(?=^SIP\/2\.0 )/m).filter((part) => !part.includes(id));
  return before.flatMap((part) => {
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(part)?.[1] ?? 0);
    return status >= 200 ? [status] : [];
  });
}

async function byDatagram({ message }: Torture): Promise<number[]> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const { id, data } = sentinel('UDP', port);
  let heard = '';
  const done = new Promise<void>((resolve) => {
    socket.on('message', (answer) => {
      heard += answer.toString();
      if (heard.includes(id)) resolve();
    });
  });
  socket.send(placed(message, 'UDP', port), portOf('UDP'), '127.0.0.1');
  socket.send(data, portOf('UDP'), '127.0.0.1');
  await done;
  socket.close();
  return statusesIn(heard, id);
}

async function connected(transport: 'TCP' | 'TLS'): Promise<Socket> {
  const to = { host: '127.0.0.1', port: portOf(transport) };
  const socket =
    transport === 'TCP' ? connectTcp(to) : connectTls({ ...to, rejectUnauthorized: false });
  await once(socket, transport === 'TCP' ? 'connect' : 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** Undefined where the connection was closed over it. */
async function byStream(message: string, transport: 'TCP' | 'TLS'): Promise<number[] | undefined> {
  const socket = await connected(transport);
  const { id, data } = sentinel(transport, socket.localPort ?? 0);
  let heard = '';
  const isWhole = await new Promise<boolean>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.includes(id)) resolve(true);
    });
    socket.on('close', () => resolve(false));
    socket.write(placed(message, transport, socket.localPort ?? 0));
    socket.write(data);
  });
  socket.destroy();
  return isWhole || heard !== '' ? statusesIn(heard, id) : undefined;
}

describe('torture messages (RFC 4475)', () => {
  it.each(tortures)('$section over UDP: $name', async (torture) => {
    const statuses = await byDatagram(torture);
    if (torture.answers.length === 0) expect(statuses).toEqual([]);
    else {
      expect(statuses).toHaveLength(1);
      expect(torture.answers).toContain(statuses[0]);
    }
  });

  it.each(
    tortures.flatMap((torture) =>
      (['TCP', 'TLS'] as const).map((transport) => ({ ...torture, transport })),
    ),
  )('$section over $transport: $name', async ({ message, answers, datagramOnly, transport }) => {
    if (!datagramOnly) {
      const statuses = (await byStream(message, transport)) ?? [];
      if (answers.length === 0) expect(statuses).toEqual([]);
      else if (statuses.length > 0) expect(answers).toContain(statuses[0]);
    }
    // Whatever became of that connection, another one is served.
    expect(await byStream('', transport)).toEqual([]);
  });
});

describe('a stream that is cut anywhere', () => {
  const three = ['one', 'two', 'three'].map((id) =>
    [
      ...['OPTIONS sip:a@HERE SIP/2.0', `Via: SIP/2.0/VIA;branch=z9hG4bKcut-${id};rport`],
      ...[`From: <sip:a@b>;tag=${id}`, 'To: <sip:a@b>', `Call-ID: cut-${id}`, 'CSeq: 1 OPTIONS'],
      ...['Max-Forwards: 70', 'Content-Type: text/plain', 'Content-Length: 5', '', 'hello'],
    ].join('\r\n'),
  );

  it.each(['TCP', 'TLS'] as const)('gives the same messages over %s', async (transport) => {
    const { length } = placed(three.join(''), transport, 65_535);
    for (let cut = 1; cut < length; cut += 97) {
      const socket = await connected(transport);
      const own = three.join('').replaceAll('cut-', `cut${transport}${cut}-`);
      const whole = placed(own, transport, socket.localPort ?? 0);
      let heard = '';
      const done = new Promise<void>((resolve) => {
        socket.on('data', (chunk: Buffer) => {
          heard += chunk.toString();
          if (heard.includes(`cut${transport}${cut}-three`)) resolve();
        });
      });
      socket.write(whole.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(whole.subarray(cut));
      await done;
      expect(heard.match(/^SIP\/2\.0 200 /gm)).toHaveLength(3);
      socket.destroy();
    }
  });

  it('that ends within a message leaves nothing behind', async () => {
    const socket = await connected('TCP');
    socket.end(placed(three.join(''), 'TCP', socket.localPort ?? 0).subarray(0, -3));
    let heard = '';
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
    });
    await once(socket, 'close');
    expect(heard).not.toContain('cut-three');
    expect(await byStream('', 'TCP')).toEqual([]);
  });
});
