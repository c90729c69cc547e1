import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { buildMultipart } from '../../../src/protocols/siprec/multipart.ts';
import { SrtpSender } from '../../../src/protocols/srtp/sender.ts';
import { few, longTest } from '../../support/length.ts';
import { mediaOf, RawCall, type RawMessage, versionOf } from '../raw-call.ts';
import { type Line, metadataOf, metadataPart, sdpOf, sdpPart, twoLines } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

const fixture = new SrsFixture();
const open: RawCall[] = [];
afterEach(() => {
  for (const call of open.splice(0)) call.close();
});

async function newCall(): Promise<RawCall> {
  const call = await RawCall.open(fixture.hush);
  open.push(call);
  return call;
}

async function establish(lines: readonly Line[] = twoLines) {
  const call = await newCall();
  const answer = await call.establish(lines);
  return { call, answer, ports: mediaOf(answer).map(({ port }) => port) };
}

const directions = (message: RawMessage) => mediaOf(message).map(({ direction }) => direction);
const all = (line: Line) => [line, line];
const held = (call: RawCall) =>
  expect.poll(async () => (await call.streams()).map((stream) => stream.held));
/** What came before it is carried out when an UPDATE that offers nothing is answered. */
const settled = async (call: RawCall) => expect((await call.request('UPDATE')).status).toBe(200);
const isBye = ({ method }: RawMessage) => method === 'BYE';

/** The counts of each track of a call that Hush or the client ends. */
async function packetsOf(call: RawCall) {
  const { tracks } = await fixture.recording(call.correlationId);
  return tracks.map(({ packets }: { packets: Record<string, number> }) => packets);
}

describe('a re-INVITE without SDP', () => {
  it('gets an offer of Hush’s wish on the same lines, without the client’s hold', async () => {
    const { call, answer } = await establish([{}, { port: 0 }, {}]);
    const hold = await call.invite({ body: sdpOf([{ direction: 'inactive' }, { port: 0 }, {}]) });
    call.ack();
    expect(directions(hold)[0]).toBe('inactive');
    const offer = await call.invite();
    expect(mediaOf(offer).map(({ port }) => port)).toEqual(mediaOf(answer).map(({ port }) => port));
    expect(mediaOf(offer).map(({ label }) => label)).toEqual(['1', undefined, '3']);
    expect([directions(offer)[0], directions(offer)[2]]).toEqual(['recvonly', 'recvonly']);
    expect(mediaOf(offer)[0]?.formats).toEqual(['0', '8']);
    expect(versionOf(offer)).toBe(versionOf(hold) + 1);
    await held(call).toEqual([true, false]);
    call.ack({ body: sdpOf([{ direction: 'inactive' }, { port: 0 }, { direction: 'inactive' }]) });
    await held(call).toEqual([true, true]);
    const again = await call.invite();
    expect(again.body).toBe(offer.body);
    call.ack({ body: sdpOf([{}, { port: 0 }, {}]) });
    await held(call).toEqual([false, false]);
  });

  it.each(
    few([
      ['inactive', { direction: 'inactive' }],
      ['recvonly', { direction: 'recvonly' }],
      ['a null address', { address: '0.0.0.0', direction: null }],
      ['a null address of IPv6', { attributes: ['c=IN IP6 ::'] }],
    ]),
  )('is put on hold by %s in the ACK, and keeps no audio then', async (_name, line) => {
    const { call, ports } = await establish([{}]);
    await fixture.client.frames(ports[0] ?? 0, { tag: 1 }, 0, 5);
    await call.invite();
    call.ack({ body: sdpOf([line]) });
    await held(call).toEqual([true]);
    await fixture.client.frames(ports[0] ?? 0, { tag: 1 }, 5, 10);
    await call.request('BYE');
    expect(await packetsOf(call)).toMatchObject([{ received: 10, kept: 5, gated: 5 }]);
  });

  longTest('carries out an ACK once, whatever its copies say', async () => {
    const { call } = await establish([{}]);
    await call.invite();
    call.ack({ body: sdpOf([{ direction: 'inactive' }]) });
    call.ack({ body: sdpOf([{ direction: 'sendonly' }]) });
    call.ack({ body: 'v=nonsense' });
    await held(call).toEqual([true]);
    await settled(call);
    await held(call).toEqual([true]);
  });

  longTest('ignores an ACK of another INVITE, and one that owes nothing', async () => {
    const { call } = await establish([{}]);
    const offer = await call.invite();
    call.ack({ body: sdpOf([{ direction: 'inactive' }]) }, 1);
    await settled(call);
    await held(call).toEqual([false]);
    expect((await call.request('UPDATE', { body: sdpOf([{}]) })).status).toBe(491);
    expect(mediaOf(offer)).toHaveLength(1);
    call.ack({ body: sdpOf([{}]) }, 2);
    await settled(call);
    expect((await call.request('UPDATE', { body: sdpOf([{}]) })).status).toBe(200);
    await call.invite({ body: sdpOf([{}]) });
    call.ack({ body: sdpOf([{ direction: 'inactive' }]) });
    await settled(call);
    await held(call).toEqual([false]);
  });

  it('changes lines, codecs and keys by the ACK', async () => {
    const { call, ports } = await establish(all({ formats: '0 8 101', attributes: dtmf }));
    await call.invite();
    call.ack({ body: sdpOf([{ formats: '8' }, { port: 0 }]) });
    await expect
      .poll(async () => (await call.streams()).map(({ codec }) => codec))
      .toEqual(['PCMA']);
    await fixture.client.frames(ports[0] ?? 0, { tag: 1, payloadType: 8 }, 0, 5);
    const next = await call.invite();
    expect(mediaOf(next).map(({ port }) => port)).toEqual([ports[0], 0]);
    call.ack({ body: sdpOf([{ formats: '0' }, { port: 0 }]) });
    await call.request('BYE');
    expect((await packetsOf(call))[0]).toMatchObject({ kept: 5, unusable: 0 });
  });

  longTest('takes the key of the answer (RFC 4568 section 7.1.4)', async () => {
    const [first, second] = [randomBytes(30), randomBytes(30)];
    const { call, ports } = await establish([{}]).then(async ({ call: plain }) => {
      await plain.request('BYE');
      const secured = await newCall();
      const answer = await secured.invite({ body: savp(first) });
      secured.ack();
      return { call: secured, ports: mediaOf(answer).map(({ port }) => port) };
    });
    const offer = await call.invite();
    expect(mediaOf(offer)[0]).toMatchObject({ protocol: 'RTP/SAVP', crypto: [{ tag: 3 }] });
    call.ack({ body: savp(second) });
    const sender = new SrtpSender('AES_CM_128_HMAC_SHA1_80', second);
    await settled(call);
    await held(call).toEqual([false]);
    for (let sequence = 0; sequence < 10; sequence += 1) {
      const fields = { payloadType: 0, sequence, timestamp: sequence * 160, ssrc: 7 };
      const packet = buildRtp(fields, Buffer.alloc(160, 0xd5));
      await fixture.client.datagram(ports[0] ?? 0, sender.protect(packet));
    }
    await call.request('BYE');
    expect(await packetsOf(call)).toMatchObject([{ kept: 10, unauthenticated: 0 }]);
  });

  it.each(
    few([
      ['no session description', 'hello'],
      ['too few lines', sdpOf([{}])],
      ['too many lines', sdpOf([{}, {}, {}])],
      ['another kind of media', sdpOf(twoLines).replace('m=audio', 'm=video')],
      ['a codec that was not offered', sdpOf(all({ formats: '18' }))],
      ['one line that cannot be used', sdpOf([{}, { formats: '3' }])],
      ['another profile', sdpOf(twoLines).replace('RTP/AVP', 'RTP/SAVP')],
    ]),
  )('%s in the ACK ends the dialog, and keeps what was recorded', async (_name, body) => {
    const { call, ports } = await establish();
    await fixture.client.frames(ports[0] ?? 0, { tag: 1 }, 0, 5);
    await call.invite();
    call.ack({ body, contentType: 'application/sdp' });
    call.reply(await call.next(isBye), 200);
    expect(await packetsOf(call)).toMatchObject([{ kept: 5 }, { received: 0 }]);
  });

  longTest('asks again after an ACK without the owed answer, which changes nothing', async () => {
    const { call } = await establish([{}]);
    await call.invite({ body: sdpOf([{ direction: 'inactive' }]) });
    call.ack();
    await call.invite();
    call.ack();
    const asked = await call.next(({ method }) => method === 'INVITE');
    expect(directions(asked)).toEqual(['recvonly']);
    await held(call).toEqual([true]);
    call.reply(asked, 200, { body: sdpOf([{}]) });
    await call.next(({ method }) => method === 'ACK');
    await held(call).toEqual([false]);
  });
});

describe('an INVITE without SDP', () => {
  it('gets a line for each stream, and is recorded as the ACK answers', async () => {
    const call = await newCall();
    const { content, contentType } = buildMultipart([metadataPart(metadataOf())]);
    const offer = await call.invite({ body: content.toString(), contentType });
    expect(offer.status).toBe(200);
    expect(mediaOf(offer)).toMatchObject([
      { label: '1', direction: 'recvonly', formats: ['0', '8', '13', '101'] },
      { label: '2', direction: 'recvonly', protocol: 'RTP/AVP' },
    ]);
    await held(call).toEqual([false, false]);
    const body = buildMultipart([sdpPart(sdpOf([{ formats: '8 0' }, { port: 0 }]))]);
    call.ack({ body: body.content.toString(), contentType: body.contentType });
    await held(call).toEqual([false]);
    const [port = 0] = mediaOf(offer).map((line) => line.port);
    await fixture.client.frames(port, { tag: 1, payloadType: 8 }, 0, 10);
    await fixture.client.frames(port, { tag: 1, payloadType: 0 }, 10, 20);
    expect(await call.streams()).toMatchObject([{ label: '1', codec: 'PCMA' }]);
    await call.request('BYE');
    expect((await packetsOf(call))[0]).toMatchObject({ kept: 20, unusable: 0 });
  });

  it.each([
    ['nothing', {}],
    ['nothing that can be used', { body: sdpOf(all({ formats: '18' })) }],
  ])('an ACK that answers %s ends it', async (_name, ack) => {
    const call = await newCall();
    expect(mediaOf(await call.invite())).toHaveLength(2);
    call.ack(ack);
    call.reply(await call.next(isBye), 200);
    await expect.poll(() => fixture.calls()).toEqual([]);
  });

  longTest('asks for SRTP where it is required', async () => {
    await fixture.configure((config) => ({ ...config, rtp: { ...config.rtp, srtp: 'required' } }));
    const call = await newCall();
    const [line] = mediaOf(await call.invite());
    expect(line).toMatchObject({ protocol: 'RTP/SAVP', crypto: [{ tag: 1 }] });
    const key = randomBytes(30);
    const second = savp(key).slice(savp(key).indexOf('m=audio')).replace('label:1', 'label:2');
    call.ack({
      body:
        savp(key).replace('crypto:3', 'crypto:1') + second.replace('m=audio 40000', 'm=audio 0'),
    });
    await held(call).toEqual([false]);
    expect(await call.streams()).toMatchObject([{ encrypted: true }]);
  });
});

const dtmf = ['a=rtpmap:101 telephone-event/8000'];

function savp(key: Buffer): string {
  const crypto = `a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${key.toString('base64')}`;
  return sdpOf([{ attributes: [crypto] }]).replace('RTP/AVP', 'RTP/SAVP');
}
