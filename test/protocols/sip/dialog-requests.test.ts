import { afterEach, describe, expect, it } from 'vitest';
import { establish, RawPeer, rawRequest, toTagOf } from './raw-peer.ts';
import { closeAll, SDP, startAgent, type TestAgent } from './support.ts';

afterEach(closeAll);

async function setUp(overrides = {}): Promise<{ server: TestAgent; raw: RawPeer }> {
  const server = await startAgent(overrides);
  return { server, raw: await RawPeer.open(server.peer()) };
}

describe('inside a dialog', () => {
  it('repeats Record-Route and sends along the route set', async () => {
    const { server, raw } = await setUp();
    const route = `<sip:127.0.0.1:${raw.port};lr>`;
    const headers = [
      `Record-Route: ${route}, <sip:second.example;lr>`,
      'Contact: <sip:alice@unreachable.example>',
    ];
    raw.send(rawRequest({ port: raw.port, method: 'INVITE', headers, callId: 'routed' }));
    const answer = await raw.next();
    expect(answer).toContain(`Record-Route: ${route}\r\nRecord-Route: <sip:second.example;lr>\r\n`);
    const toTag = toTagOf(answer);
    raw.send(rawRequest({ port: raw.port, method: 'ACK', callId: 'routed', toTag }));
    const dialog = await server.dialogs.take();
    dialog.request('INFO').catch(() => undefined);
    let info = await raw.next();
    while (!info.startsWith('INFO')) info = await raw.next();
    expect(info).toMatch(/^INFO sip:alice@unreachable.example SIP\/2.0\r\n/);
    expect(info).toContain(`Route: ${route}\r\nRoute: <sip:second.example;lr>\r\n`);
  });

  it('moves the remote target by re-INVITE', async () => {
    const { server, raw } = await setUp();
    const { dialog } = await establish(raw);
    const other = await RawPeer.open(server.peer());
    const headers = [`Contact: <sip:moved@127.0.0.1:${other.port}>`];
    raw.send(rawRequest({ ...dialog, method: 'INVITE', sequence: 11, headers }));
    // On a busy machine the answer to the first INVITE comes twice.
    let answer = await raw.next();
    while (!answer.includes('CSeq: 11 INVITE')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 200 /);
    raw.send(rawRequest({ ...dialog, method: 'ACK', sequence: 11 }));
    const served = await server.dialogs.take();
    void served.bye();
    expect(await other.next()).toMatch(/^BYE sip:moved@/);
    expect(served.state().remoteSequence).toBe(11);
  });

  it('answers an old CSeq 500 and a second offer 500 or 491', async () => {
    const { server, raw } = await setUp();
    const { dialog } = await establish(raw);
    raw.send(rawRequest({ ...dialog, method: 'UPDATE', sequence: 9 }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 500 /);

    server.handler.answer = () => undefined;
    raw.send(rawRequest({ ...dialog, method: 'INVITE', sequence: 11 }));
    await server.handler.heard.take();
    raw.send(rawRequest({ ...dialog, method: 'UPDATE', sequence: 12, body: 'v=0' }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 500 [\s\S]*^Retry-After: \d/m);
    server.handler.requests[0]?.reply({ statusCode: 488 });
    expect(await raw.next()).toMatch(/^SIP\/2.0 488 /);

    const served = await server.dialogs.take();
    void served.invite(SDP).catch(() => undefined);
    raw.send(rawRequest({ ...dialog, method: 'INVITE', sequence: 13 }));
    let answer = await raw.next();
    while (!answer.includes('CSeq: 13')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 491 /);
  });

  it('a CANCEL does not undo a request being carried out', async () => {
    const { server, raw } = await setUp();
    const { dialog } = await establish(raw);
    server.handler.answer = (incoming) => void incoming.begin();
    const fields = { ...dialog, sequence: 11, branch: 'z9hG4bKre' };
    raw.send(rawRequest({ ...fields, method: 'INVITE' }));
    await server.handler.heard.take();
    raw.send(rawRequest({ ...fields, method: 'CANCEL' }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 [\s\S]*^CSeq: 11 CANCEL/m);
    server.handler.requests[0]?.reply({ statusCode: 200 });
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 [\s\S]*^CSeq: 11 INVITE/m);
  });

  it('hands every copy of the ACK and its body to the owner', async () => {
    const { server, raw } = await setUp();
    const acks: string[] = [];
    server.handler.onAck = ({ body }) => void acks.push(body.toString());
    const { dialog } = await establish(raw);
    raw.send(rawRequest({ ...dialog, method: 'INVITE', sequence: 11 }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
    const ack = rawRequest({ ...dialog, method: 'ACK', sequence: 11, body: 'answer' });
    raw.send(ack);
    raw.send(ack);
    await expect.poll(() => acks).toEqual(['', 'answer', 'answer']);
  });

  it('offers nothing before its own answer has its ACK (RFC 3261 section 14.1)', async () => {
    const { server, raw } = await setUp();
    const { dialog } = await establish(raw);
    const served = await server.dialogs.take();
    await served.acknowledged();
    raw.send(rawRequest({ ...dialog, method: 'INVITE', sequence: 11 }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
    await expect(served.invite(SDP)).rejects.toMatchObject({ statusCode: 491 });
    raw.send(rawRequest({ ...dialog, method: 'ACK', sequence: 11 }));
    await served.acknowledged();
    void served.invite(SDP).catch(() => undefined);
    let answer = await raw.next();
    while (answer.startsWith('SIP')) answer = await raw.next();
    expect(answer).toMatch(/^INVITE /);
  });

  it('cancels a re-INVITE and leaves the dialog alone', async () => {
    const { server, raw } = await setUp();
    const { dialog } = await establish(raw);
    server.handler.answer = () => undefined;
    const fields = { ...dialog, sequence: 11, branch: 'z9hG4bKre' };
    raw.send(rawRequest({ ...fields, method: 'INVITE' }));
    await server.handler.heard.take();
    raw.send(rawRequest({ ...fields, method: 'CANCEL' }));
    // The answer to the first INVITE may come once more.
    const answers: string[] = [];
    while (answers.length < 2) {
      const answer = await raw.next();
      if (answer.includes('CSeq: 11 ')) answers.push(answer.slice(0, 11));
    }
    expect(answers).toEqual(['SIP/2.0 200', 'SIP/2.0 487']);
    raw.send(rawRequest({ ...fields, method: 'ACK' }));
    raw.send(rawRequest({ ...dialog, method: 'BYE', sequence: 12 }));
    let answer = await raw.next();
    while (!answer.includes('BYE')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 200 /);
    expect(await server.handler.heard.take()).toBe('bye');
  });
});
