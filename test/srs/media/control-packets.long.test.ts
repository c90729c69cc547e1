import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { parseRtcp } from '../../../src/protocols/rtp/rtcp.ts';
import { SrtpSender } from '../../../src/protocols/srtp/sender.ts';
import { SrtcpReceiver } from '../../../src/protocols/srtp/srtcp.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { few } from '../../support/length.ts';
import { SrsClient, sdpBody, sdpOf } from '../srs-client.ts';

const SSRC = 77;
const suite = 'AES_CM_128_HMAC_SHA1_80';

/** Ten packets, one of which is lost on the way. */
function packets(): Buffer[] {
  return Array.from({ length: 10 }, (_, index) => {
    const fields = { payloadType: 0, sequence: index, timestamp: index * 160, ssrc: SSRC };
    return buildRtp(fields, markerFrame(1, index));
  }).filter((_, index) => index !== 5);
}

async function boundSocket(): Promise<{ socket: Socket; port: number }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { socket, port: socket.address().port };
}

/** Of a receiver report with one block (RFC 3550 section 6.4.2). */
function blockOf(report: Buffer) {
  return {
    ssrc: report.readUInt32BE(8),
    lost: report.readIntBE(13, 3),
    highest: report.readUInt32BE(16),
  };
}

describe('receiver reports', () => {
  let hush: TestHush;
  let client: SrsClient;

  beforeAll(async () => {
    hush = await TestHush.start();
    client = await SrsClient.open(hush);
  });
  afterAll(async () => {
    await client.close();
    await hush.remove();
  });

  const kinds = ['at the port that the offer names', 'at the shared port', 'protected'];
  it.concurrent.each(few(kinds, 1))('are sent %s', async (kind) => {
    const { socket, port } = await boundSocket();
    const [isShared, isSecure] = [kind === kinds[1], kind === kinds[2]];
    const key = randomBytes(30);
    const attributes = [
      isShared ? 'a=rtcp-mux' : `a=rtcp:${port} IN IP4 127.0.0.1`,
      ...(isSecure ? [`a=crypto:1 ${suite} inline:${key.toString('base64')}`] : []),
    ];
    const line = isShared ? { attributes, port } : { attributes };
    const session = await client.invite({ body: sdpBody(sdpOf([line])) });
    const answer = session.answer[0];
    expect(answer?.rtcpMux).toBe(isShared);
    const heard = once(socket, 'message');
    const sender = new SrtpSender(suite, key);
    for (const packet of packets()) {
      await client.datagram(answer?.port ?? 0, isSecure ? sender.protect(packet) : packet);
    }
    const [datagram, from] = (await heard) as [Buffer, { port: number }];
    expect(from.port).toBe((answer?.port ?? 0) + (isShared ? 0 : 1));
    const local = answer?.crypto[0]?.key ?? Buffer.alloc(30);
    const report = isSecure ? new SrtcpReceiver(suite, local).unprotect(datagram) : datagram;
    expect(report && parseRtcp(report)?.cname).toMatch(/^[A-Za-z0-9+/]{16}$/);
    expect(report && blockOf(report)).toEqual({ ssrc: SSRC, lost: 1, highest: 9 });
    await session.dialog.bye();
    socket.close();
  });

  it('survive garbage at the control port', async () => {
    const correlationId = crypto.randomUUID();
    const session = await client.invite({ correlationId, body: sdpBody(sdpOf([{}])) });
    const port = session.ports[0] ?? 0;
    for (let count = 0; count < 500; count += 1) {
      await client.datagram(port + 1, Buffer.concat([Buffer.of(0x80, 200), randomBytes(count)]));
    }
    await client.frames(port, { tag: 3 }, 0, 20);
    await session.dialog.bye();
    await hush.settled(correlationId);
    const { tracks } = await hush.get(`/api/recordings/${correlationId}`);
    expect(tracks[0].packets).toMatchObject({ received: 20, kept: 20, unusable: 0 });
  });
});
