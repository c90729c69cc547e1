import { afterEach, describe, expect, it } from 'vitest';
import {
  SipBindError,
  SipRejectedError,
  SipTimeoutError,
} from '../../../src/protocols/sip/message/errors.ts';
import { header, parseNameAddr } from '../../../src/protocols/sip/message/headers.ts';
import type { SipTransportName } from '../../../src/protocols/sip/message/types.ts';
import { createSipUserAgent } from '../../../src/protocols/sip/user-agent/user-agent.ts';
import { callTo, closeAll, HOST, LIMITS, SDP, startAgent, TestHandler } from './support.ts';

afterEach(closeAll);

const TRANSPORTS: readonly SipTransportName[] = ['UDP', 'TCP'];

describe.each(TRANSPORTS)('a call over %s', (transport) => {
  it('goes through INVITE, re-INVITE, UPDATE, INFO, OPTIONS and BYE in both directions', async () => {
    const server = await startAgent();
    const client = await startAgent();
    const { dialog, response } = await client.ua.invite(
      callTo(server.peer(transport), client.handler),
    );
    const served = await server.dialogs.take();
    const invite = await server.invites.take();
    expect(response.body.toString()).toBe(SDP.content.toString());
    expect(invite.request.body.toString()).toBe(SDP.content.toString());
    expect(invite.request.requestUri).toMatch(/^sip:4711@/);
    expect(parseNameAddr(header(invite.request, 'From') ?? '')?.displayName).toBe('A, "b"');
    expect(invite.peer).toMatchObject({ address: HOST, transport });

    for (const [from, to] of [
      [dialog, server.handler],
      [served, client.handler],
    ] as const) {
      expect((await from.invite(SDP)).statusCode).toBe(200);
      expect(await to.heard.take()).toBe('reinvite');
      expect((await from.request('UPDATE', SDP)).statusCode).toBe(200);
      expect(await to.heard.take()).toBe('update');
      expect((await from.request('INFO')).statusCode).toBe(200);
      expect(await to.heard.take()).toBe('info');
      const options = await from.request('OPTIONS');
      expect(header(options, 'Allow')).toContain('UPDATE');
      expect(header(options, 'Accept')).toContain('application/rs-metadata+xml');
    }

    await Promise.all([served.bye(), served.bye()]);
    expect(await client.handler.heard.take()).toBe('bye');
    await dialog.bye();
    await expect(dialog.request('INFO')).rejects.toMatchObject({ statusCode: 481 });
    expect(server.handler.heard.count).toBe(0);
    expect([...server.dropped, ...client.dropped]).toEqual([]);
  });

  it('reports a rejection', async () => {
    const server = await startAgent();
    const client = await startAgent();
    server.onInvite = (invite) => invite.reject({ statusCode: 488 });
    const call = client.ua.invite(callTo(server.peer(transport), client.handler));
    await expect(call).rejects.toEqual(new SipRejectedError(488, 'Not Acceptable Here'));
  });

  it('turns a throwing owner into 500', async () => {
    const server = await startAgent();
    const client = await startAgent();
    server.handler.answer = () => {
      throw new Error('broken');
    };
    const { dialog } = await client.ua.invite(callTo(server.peer(transport), client.handler));
    expect((await dialog.invite(SDP)).statusCode).toBe(500);
    expect((await dialog.request('INFO')).statusCode).toBe(500);
    server.onInvite = async () => Promise.reject(new Error('broken'));
    const second = client.ua.invite(callTo(server.peer(transport), client.handler));
    await expect(second).rejects.toMatchObject({ statusCode: 500 });
  });

  it('continues in another user agent', async () => {
    const server = await startAgent();
    const client = await startAgent();
    const { dialog } = await client.ua.invite(callTo(server.peer(transport), client.handler));
    const served = await server.dialogs.take();
    await dialog.request('INFO');
    const state = structuredClone(served.state());
    const ports = { udpPort: server.ua.udpPort ?? 0, tcpPort: server.ua.tcpPort ?? 0 };
    await server.ua.close();

    const successor = await startAgent(ports);
    const restored = successor.ua.restoreDialog(state, successor.handler);
    expect(restored.id).toBe(served.id);
    expect((await restored.invite(SDP)).statusCode).toBe(200);
    await dialog.acknowledged();
    expect((await dialog.invite(SDP)).statusCode).toBe(200);
    await dialog.bye();
    expect(await successor.handler.heard.take()).toBe('reinvite');
    expect(await successor.handler.heard.take()).toBe('bye');
  });
});

describe('a user agent', () => {
  it('reports which port is taken', async () => {
    const first = await startAgent();
    for (const port of [{ udpPort: first.ua.udpPort }, { tcpPort: first.ua.tcpPort }]) {
      const options = { host: HOST, userAgent: 'x', limits: LIMITS, onInvite: () => undefined };
      const second = createSipUserAgent({ ...options, ...(port as { udpPort: number }) });
      await expect(second).rejects.toBeInstanceOf(SipBindError);
    }
  });

  it('gives up an unanswered call', async () => {
    const client = await startAgent();
    const silent = await startAgent();
    silent.onInvite = () => undefined;
    const peer = silent.peer();
    await silent.ua.close();
    const call = client.ua.invite(callTo(peer, client.handler));
    await expect(call).rejects.toBeInstanceOf(SipTimeoutError);
  });

  it('reports a TCP peer that is not there as 503', async () => {
    const client = await startAgent();
    const gone = await startAgent();
    const peer = gone.peer('TCP');
    await gone.ua.close();
    const call = client.ua.invite(callTo(peer, client.handler));
    await expect(call).rejects.toMatchObject({ statusCode: 503 });
    expect(client.dropped).toEqual(['sendFailed']);
  });

  it('cancels a call that rings for ever, and ignores a later accept', async () => {
    const server = await startAgent();
    const client = await startAgent({}, { t1Ms: 10, ringingMs: 30 });
    server.onInvite = () => undefined;
    const call = client.ua.invite(callTo(server.peer(), client.handler));
    const invite = await server.invites.take();
    await new Promise<void>((resolve) => invite.onCancel(resolve));
    await expect(call).rejects.toMatchObject({ statusCode: 487 });
    expect(invite.cancelled).toBe(true);
    expect(() => invite.accept({ statusCode: 200 }, new TestHandler())).toThrow(/cancelled/);
  });

  it('refuses a second offer while one is under way', async () => {
    const server = await startAgent();
    const client = await startAgent();
    const { dialog } = await client.ua.invite(callTo(server.peer(), client.handler));
    const served = await server.dialogs.take();
    server.handler.answer = () => undefined;
    const first = dialog.invite(SDP);
    await server.handler.heard.take();
    await expect(served.invite(SDP)).rejects.toMatchObject({ statusCode: 491 });
    await expect(dialog.request('UPDATE', SDP)).rejects.toMatchObject({ statusCode: 491 });
    server.handler.requests[0]?.reply({ statusCode: 488 });
    expect((await first).statusCode).toBe(488);
    const ended = dialog.invite(SDP);
    await server.handler.heard.take();
    await dialog.bye();
    expect((await ended).statusCode).toBe(487);
  });

  it('may be closed twice and abandons requests under way', async () => {
    const server = await startAgent();
    const client = await startAgent();
    server.onInvite = () => undefined;
    const call = client.ua.invite(callTo(server.peer('TCP'), client.handler));
    const rejected = expect(call).rejects.toMatchObject({ code: 'SIP_CLOSED' });
    await server.invites.take();
    await Promise.all([client.ua.close(), client.ua.close()]);
    await rejected;
    const late = client.ua.invite(callTo(server.peer('TCP'), client.handler));
    await expect(late).rejects.toMatchObject({ code: 'SIP_CLOSED' });
  });

  it.each(TRANSPORTS)('speaks IPv6 over %s, and IPv4 on the same socket', async (transport) => {
    const server = await startAgent({ host: '::', advertisedHost: '::1' });
    const client = await startAgent({ host: '::1' });
    const peer = { ...server.peer(transport), address: '::1' };
    const { dialog } = await client.ua.invite(callTo(peer, client.handler));
    const served = await server.dialogs.take();
    expect(served.peer.address).toBe('::1');
    await dialog.request('INFO');
    await served.bye();
    const old = await startAgent();
    await old.ua.invite(callTo(server.peer(transport), old.handler));
    expect((await server.dialogs.take()).peer.address).toBe(HOST);
  });
});
