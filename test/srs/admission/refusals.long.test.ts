import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { longTest } from '../../support/length.ts';
import { sdpBody, sdpOf } from '../srs-client.ts';
import { SrsFixture } from '../srs-fixture.ts';

describe('Hush', () => {
  const fixture = new SrsFixture();

  it.each([
    ['only codecs it does not know', [{ formats: '18' }, { formats: '3 18' }]],
    ['an unknown dynamic codec', [{ formats: '96', attributes: ['a=rtpmap:96 speex/8000'] }]],
    ['PCMU at another clock', [{ formats: '96', attributes: ['a=rtpmap:96 PCMU/16000'] }]],
  ])('answers 488 to %s', async (_name, lines) => {
    expect(await fixture.client.refusal({ body: sdpBody(sdpOf(lines)) })).toBe(488);
  });

  it('answers 488 to SRTP and to video alone', async () => {
    for (const from of ['RTP/SAVP', 'video']) {
      const sdp = from === 'video' ? ['m=audio', 'm=video'] : ['RTP/AVP', from];
      const body = sdpBody(sdpOf([{}]).replace(sdp[0] ?? '', sdp[1] ?? ''));
      expect(await fixture.client.refusal({ body })).toBe(488);
    }
  });

  longTest(
    'accepts a long description, and keeps it when a re-INVITE has no known codec',
    async () => {
      const attributes = Array.from({ length: 990 }, () => 'a=x');
      const session = await fixture.client.invite({ body: sdpBody(sdpOf([{ attributes }])) });
      const [port = 0] = session.ports;
      await fixture.client.frames(port, { tag: 1 }, 0, 5);
      const response = await session.dialog.invite(sdpBody(sdpOf([{ formats: '18' }])));
      expect(response.statusCode).toBe(488);
      await fixture.client.frames(port, { tag: 1 }, 5, 10);
      const [call] = await fixture.calls();
      await session.dialog.bye();
      await fixture.hush.settled(call.correlationId);
      const { tracks } = await fixture.hush.get(`/api/recordings/${call.id}`);
      expect(tracks[0].packets).toMatchObject({ received: 10, kept: 10 });
    },
  );

  it('records supported lines and refuses the others by port 0', async () => {
    const lines = [{ formats: '18' }, { formats: '18 8 0' }, { port: 0 }];
    const session = await fixture.client.invite({ body: sdpBody(sdpOf(lines)) });
    expect(session.ports.map((port) => port !== 0)).toEqual([false, true, false]);
    const [call] = await fixture.calls();
    expect(call.streams).toMatchObject([{ label: '2', codec: 'PCMA' }]);
  });

  it.each([
    ['SDP without media', sdpBody('v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n')],
    ['SDP that is none', sdpBody('hello')],
  ])('answers 400 to %s', async (_name, body) => {
    expect(await fixture.client.refusal({ body })).toBe(400);
    expect(await fixture.calls()).toEqual([]);
  });

  it('answers 486 at maxCalls, and records again when a call has ended', async () => {
    await fixture.configure((config) => ({ ...config, sip: { ...config.sip, maxCalls: 2 } }));
    const { client } = fixture;
    const correlationId = randomUUID();
    const first = await client.invite({ correlationId });
    await client.invite();
    expect(await client.refusal({})).toBe(486);
    const second = await client.invite({ correlationId });
    expect(await fixture.calls()).toHaveLength(2);
    await first.dialog.bye();
    expect(await client.refusal({})).toBe(486);
    await second.dialog.bye();
    await fixture.hush.event((event) => event.type === 'callEnded');
    await client.invite();
  });

  longTest('answers 486 when no RTP port is left, and releases the ports it took', async () => {
    await fixture.configure((config) => {
      const portMin = 9_400 + (process.pid % 60) * 10;
      return { ...config, rtp: { ...config.rtp, portMin, portMax: portMin + 5 } };
    });
    const { client } = fixture;
    const first = await client.invite({ correlationId: randomUUID() });
    expect(await client.refusal({ correlationId: randomUUID() })).toBe(486);
    expect(await fixture.calls()).toHaveLength(1);
    expect(await fixture.metric('hush_rtp_ports_free')).toBe(1);
    await first.dialog.bye();
    await fixture.hush.event(({ type }) => type === 'callEnded');
    await client.invite({ correlationId: randomUUID() });
  });

  longTest('ends a call by BYE after a re-INVITE that found no port', async () => {
    await fixture.configure((config) => {
      const portMin = 9_400 + (process.pid % 60) * 10;
      return { ...config, rtp: { ...config.rtp, portMin, portMax: portMin + 3 } };
    });
    const correlationId = randomUUID();
    const session = await fixture.client.invite({ correlationId });
    expect((await session.reinvite([{}, {}, {}])).statusCode).toBe(486);
    expect((await fixture.calls())[0].streams).toHaveLength(2);
    await session.dialog.bye();
    await fixture.hush.event(({ type }) => type === 'callEnded');
    expect(await fixture.calls()).toEqual([]);
  });
});
