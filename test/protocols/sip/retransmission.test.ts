import { afterEach, describe, expect, it } from 'vitest';
import { SipTimeoutError } from '../../../src/protocols/sip/message/errors.ts';
import { LossyRelay, loseFirst, RawPeer, rawRequest, toTagOf } from './raw-peer.ts';
import { callTo, closeAll, SDP, startAgent } from './support.ts';

afterEach(closeAll);

async function setUp() {
  const server = await startAgent();
  const client = await startAgent();
  const relay = await LossyRelay.open(server.peer());
  return { server, client, relay };
}

describe('lost datagrams', () => {
  it('INVITE is sent again until it is answered', async () => {
    const { server, client, relay } = await setUp();
    relay.passes = loseFirst('INVITE', 2);
    await client.ua.invite(callTo(relay.peer, client.handler));
    expect(server.invites.count).toBe(1);
    expect(relay.seen.filter((line) => line.startsWith('INVITE')).length).toBe(3);
  });

  it('a lost 2xx is sent again, to one INVITE that reached its owner once', async () => {
    const { server, client, relay } = await setUp();
    relay.passes = loseFirst('SIP/2.0 200', 3);
    await client.ua.invite(callTo(relay.peer, client.handler));
    expect(server.invites.count).toBe(1);
  });

  it('a lost rejection is sent again until its ACK', async () => {
    const { server, client, relay } = await setUp();
    server.onInvite = (invite) => invite.reject({ statusCode: 486 });
    relay.passes = loseFirst('SIP/2.0 486', 2);
    const call = client.ua.invite(callTo(relay.peer, client.handler));
    await expect(call).rejects.toMatchObject({ statusCode: 486 });
    relay.passes = () => true;
    await expect.poll(() => relay.seen.some((line) => line.startsWith('ACK'))).toBe(true);
    const seen = relay.seen.length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(relay.seen.length - seen).toBeLessThanOrEqual(2);
  });

  it('requests in a dialog are sent again, and answered again', async () => {
    const server = await startAgent();
    const relay = await LossyRelay.open(server.peer());
    const client = await startAgent();
    const contact = { name: 'Contact', value: `<sip:127.0.0.1:${relay.peer.port}>` };
    server.onInvite = (invite) => {
      const reply = { statusCode: 200, headers: [contact], body: SDP };
      server.dialogs.put(invite.accept(reply, server.handler));
    };
    const { dialog } = await client.ua.invite(callTo(relay.peer, client.handler));
    const lost = [loseFirst('INFO', 1), loseFirst('SIP/2.0 200', 2)];
    relay.passes = (message) => lost.every((passes) => passes(message));
    expect((await dialog.request('INFO')).statusCode).toBe(200);
    expect(server.handler.requests.length).toBe(1);
    const bye = loseFirst('BYE', 2);
    relay.passes = bye;
    await dialog.bye();
    expect(await server.handler.heard.take()).toBe('info');
    expect(await server.handler.heard.take()).toBe('bye');
    relay.passes = () => false;
  });

  it('a lost ACK to a 2xx is sent again with the next 2xx', async () => {
    const server = await startAgent();
    const relay = await LossyRelay.open(server.peer());
    const client = await startAgent();
    const contact = { name: 'Contact', value: `<sip:127.0.0.1:${relay.peer.port}>` };
    server.onInvite = (invite) => {
      const reply = { statusCode: 200, headers: [contact] };
      server.dialogs.put(invite.accept(reply, server.handler));
    };
    relay.passes = loseFirst('ACK', 3);
    await client.ua.invite(callTo(relay.peer, client.handler));
    const served = await server.dialogs.take();
    // BYE waits for the ACK.
    await served.bye();
    expect(await client.handler.heard.take()).toBe('bye');
    expect(relay.seen.filter((line) => line.startsWith('ACK')).length).toBe(4);
    expect(server.handler.heard.count).toBe(0);
  });
});

describe('silence', () => {
  /** Answers until something else comes. */
  async function countAnswers(raw: RawPeer): Promise<{ answers: number; next: string }> {
    for (let answers = 0; ; answers += 1) {
      const next = await raw.next();
      if (!next.startsWith('SIP/2.0 200 ')) return { answers, next };
    }
  }

  it('of an ACK ends in BYE and onAckTimeout', async () => {
    const server = await startAgent();
    const raw = await RawPeer.open(server.peer());
    // It is where it says that it is.
    const first = rawRequest({ port: raw.port, method: 'INVITE', callId: 'first' });
    raw.send(first);
    const toTag = toTagOf(await raw.next());
    raw.send(rawRequest({ port: raw.port, method: 'ACK', callId: 'first', toTag }));
    raw.send(rawRequest({ port: raw.port, method: 'INVITE' }));
    const { answers, next } = await countAnswers(raw);
    // 10, 20, 40 and 80 ms apart, then every 80 ms up to 640.
    expect(answers).toBeGreaterThan(5);
    expect(answers).toBeLessThan(15);
    expect(next).toMatch(/^BYE sip:alice@127.0.0.1/);
    expect(await server.handler.heard.take()).toBe('ackTimeout');
  });

  it('of an unproven source is answered a few times only', async () => {
    const server = await startAgent();
    const raw = await RawPeer.open(server.peer());
    raw.send(rawRequest({ port: raw.port, method: 'INVITE' }));
    const { answers, next } = await countAnswers(raw);
    expect(answers).toBe(4);
    expect(next).toMatch(/^BYE sip:alice@127.0.0.1/);
    expect(await server.handler.heard.take()).toBe('ackTimeout');
    // Nothing more comes before the next answer: the BYE is not sent again.
    server.onInvite = (invite) => invite.reject({ statusCode: 486 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    raw.send(rawRequest({ port: raw.port, method: 'INVITE' }));
    const refusals: string[] = [];
    const waited = new Promise<void>((resolve) => setTimeout(resolve, 700));
    await waited;
    while (raw.received.count > 0) refusals.push((await raw.next()).slice(0, 11));
    expect(refusals).toEqual(Array.from({ length: 4 }, () => 'SIP/2.0 486'));
  });

  it('in a dialog ends requests with SipTimeoutError, and BYE as well', async () => {
    const { server, client, relay } = await setUp();
    const { dialog } = await client.ua.invite(callTo(relay.peer, client.handler));
    await server.ua.close();
    await expect(dialog.request('INFO')).rejects.toBeInstanceOf(SipTimeoutError);
    await expect(dialog.invite(SDP)).rejects.toBeInstanceOf(SipTimeoutError);
    await dialog.bye();
  });
});
