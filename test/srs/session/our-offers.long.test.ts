import { afterEach, describe, expect, it } from 'vitest';
import { TestHush } from '../../support/hush/hush.ts';
import { longTest } from '../../support/length.ts';
import { mediaOf, RawCall, type RawMessage, versionOf } from '../raw-call.ts';
import { sdpOf } from '../srs-client.ts';

const hold = sdpOf([{ direction: 'inactive' }]);
const talk = sdpOf([{}]);
const isInvite = ({ method }: RawMessage) => method === 'INVITE';
const isAck = ({ method }: RawMessage) => method === 'ACK';
const directions = (message: RawMessage) => mediaOf(message).map(({ direction }) => direction);

describe('an offer of Hush’s own', () => {
  let hush: TestHush;
  let call: RawCall;
  afterEach(async () => {
    call.close();
    await hush.remove();
  });

  async function begin(sip: object = { twoSidedPause: true }): Promise<RawMessage> {
    hush = await TestHush.start({
      config: (config) => ({ ...config, sip: { ...config.sip, ...sip } }),
    });
    call = await RawCall.open(hush);
    return call.establish([{}]);
  }

  async function answer(request: RawMessage, body: string): Promise<void> {
    call.reply(request, 200, { body });
    await call.next(isAck);
  }

  const held = () => expect.poll(async () => (await call.streams()).map((stream) => stream.held));

  longTest('has a version that shows changes since the last one sent', async () => {
    const first = await begin();
    await hush.command('Pause', call.correlationId);
    const pause = await call.next(isInvite);
    expect(directions(pause)).toEqual(['inactive']);
    expect(versionOf(pause)).toBe(versionOf(first) + 1);
    call.reply(pause, 488);
    await call.next(isAck);
    await hush.command('Mark', call.correlationId);
    const again = await call.next(isInvite);
    expect(again.body).toBe(pause.body);
    await answer(again, hold);
    await hush.command('Start', call.correlationId);
    const start = await call.next(isInvite);
    expect([directions(start), versionOf(start)]).toEqual([['recvonly'], versionOf(first) + 2]);
    await answer(start, talk);
    const refresh = await call.invite({ body: talk });
    expect(refresh.body).toBe(start.body);
    call.ack();
    const changed = await call.invite({ body: hold });
    expect(versionOf(changed)).toBe(versionOf(first) + 3);
    call.ack();
  });

  longTest(
    'takes a hold in the answer, or its release, but silence on request is no hold',
    async () => {
      await begin();
      await hush.command('Pause', call.correlationId);
      await answer(await call.next(isInvite), hold);
      expect((await call.request('UPDATE')).status).toBe(200);
      await held().toEqual([false]);
      await hush.command('Start', call.correlationId);
      await answer(await call.next(isInvite), hold);
      await held().toEqual([true]);
      await hush.command('Pause', call.correlationId);
      await answer(await call.next(isInvite), hold);
      await hush.command('Start', call.correlationId);
      await answer(await call.next(isInvite), talk);
      await held().toEqual([false]);
    },
  );

  longTest("requests the pause's direction, not the client's hold", async () => {
    await begin();
    await hush.command('Pause', call.correlationId);
    await answer(await call.next(isInvite), hold);
    const asked = await call.invite();
    expect(directions(asked)).toEqual(['inactive']);
    await hush.command('Start', call.correlationId);
    call.ack({ body: hold });
    const start = await call.next(isInvite);
    expect(directions(start)).toEqual(['recvonly']);
    await answer(start, talk);
    await held().toEqual([false]);
  });

  longTest(
    'waits for the ACK of its own answer, and yields to the client in a collision',
    async () => {
      await begin();
      await call.invite({ body: talk });
      await hush.command('Pause', call.correlationId);
      expect((await call.request('OPTIONS')).status).toBe(200);
      // What is under way for the client has no ACK yet: nothing of ours was sent before it.
      call.ack({}, 2);
      let pause = await call.next(isInvite);
      call.reply(pause, 491);
      await call.next(isAck);
      let mine = await call.invite({ body: talk });
      // It may have been made again by then.
      while (mine.status === 491) {
        call.ack();
        pause = await call.next((one) => isInvite(one) && one.cseq !== pause.cseq);
        call.reply(pause, 491);
        mine = await call.invite({ body: talk });
      }
      expect([mine.status, directions(mine)]).toEqual([200, ['inactive']]);
      call.ack();
      // The answer has said already what the offer was for.
      await hush.command('Start', call.correlationId);
      const start = await call.next((one) => isInvite(one) && one.cseq !== pause.cseq);
      expect(directions(start)).toEqual(['recvonly']);
      await answer(start, talk);
    },
  );

  longTest('answers 491 to a client’s offer that meets it', async () => {
    await begin();
    await hush.command('Pause', call.correlationId);
    const pause = await call.next(isInvite);
    expect((await call.invite({ body: hold })).status).toBe(491);
    call.ack();
    expect((await call.request('UPDATE', { body: hold })).status).toBe(491);
    await answer(pause, hold);
    expect((await call.request('UPDATE', { body: hold })).status).toBe(200);
  });

  it('refreshes without the client’s hold, and again with the client’s interval', async () => {
    await begin({ sessionExpiresMs: 2_000, minSessionExpiresMs: 1_000 });
    const onHold = await call.invite({ body: hold });
    call.ack();
    const refresh = await call.next(isInvite);
    expect(directions(refresh)).toEqual(['recvonly']);
    expect(versionOf(refresh)).toBe(versionOf(onHold) + 1);
    expect(refresh.text).toMatch(/^Session-Expires: 2;refresher=uac\r$/m);
    call.reply(refresh, 422, { headers: ['Min-SE: 4'] });
    const second = await call.next((one) => isInvite(one) && one.cseq !== refresh.cseq);
    expect(second.text).toMatch(/^Session-Expires: 4;refresher=uac\r$/m);
    expect(second.text).toMatch(/^Min-SE: 4\r$/m);
    expect(second.body).toBe(refresh.body);
    await answer(second, hold);
    await held().toEqual([true]);
  });

  it('is repeated after a crash before its ACK', async () => {
    await begin({});
    await call.invite({ body: hold });
    call.ack();
    const offered = await call.invite();
    const { dataDir, config } = hush;
    const { sip, rtp } = config;
    const http = { ...config.http, port: Number(new URL(hush.api).port) };
    const ports = { udpPort: hush.sipUdpPort, tcpPort: hush.sipTcpPort };
    await hush.abandon();
    call.ack({ body: talk });
    hush = await TestHush.start({
      dataDir,
      config: (other) => ({ ...other, http, rtp, sip: { ...sip, ...ports } }),
    });
    const asked = await call.next(isInvite);
    expect(directions(asked)).toEqual(['recvonly']);
    expect(mediaOf(asked)[0]?.port).toBe(mediaOf(offered)[0]?.port);
    await held().toEqual([true]);
    await answer(asked, talk);
    await held().toEqual([false]);
  });
});
