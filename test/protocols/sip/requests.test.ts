import { afterEach, describe, expect, it } from 'vitest';
import { establish, RawPeer, rawRequest, toTagOf } from './raw-peer.ts';
import { closeAll, LIMITS, startAgent, type TestAgent } from './support.ts';

afterEach(closeAll);

async function setUp(overrides = {}): Promise<{ server: TestAgent; raw: RawPeer }> {
  const server = await startAgent(overrides);
  return { server, raw: await RawPeer.open(server.peer()) };
}

describe('outside a dialog', () => {
  it.each([
    ['an unknown method', { method: 'PUBLISH' }, 'SIP/2.0 405 ', /^Allow: INVITE, ACK, CANCEL/m],
    ['OPTIONS', {}, 'SIP/2.0 200 ', /^Accept: application\/sdp, multipart\/mixed/m],
    ['BYE', { method: 'BYE', toTag: 'x' }, 'SIP/2.0 481 ', /^To:.*;tag=x\r$/m],
    ['BYE without a tag', { method: 'BYE' }, 'SIP/2.0 481 ', /^To:.*;tag=/m],
    ['INFO', { method: 'INFO', toTag: 'x' }, 'SIP/2.0 481 ', /^CSeq: 1 INFO/m],
    ['OPTIONS of an unknown dialog', { toTag: 'x' }, 'SIP/2.0 481 ', /^CSeq: 1 OPTIONS/m],
    ['CANCEL of nothing', { method: 'CANCEL' }, 'SIP/2.0 481 ', /^CSeq: 1 CANCEL/m],
    ['INVITE without Contact', { method: 'INVITE', headers: [] }, 'SIP/2.0 400 ', /^Via/m],
    ['INVITE to tel:', { method: 'INVITE', uri: 'tel:+49' }, 'SIP/2.0 416 ', /^Via/m],
    [
      'unknown extensions',
      { headers: ['Require: siprec, 100rel', 'Require: timer,x'] },
      'SIP/2.0 420 ',
      /^Unsupported: 100rel, x\r$/m,
    ],
    ['known extensions', { headers: ['Require: SIPREC,timer'] }, 'SIP/2.0 200 ', /^Supported: s/m],
    ['sips:', { uri: 'sips:a@b' }, 'SIP/2.0 200 ', /;received=127.0.0.1;rport=\d+\r$/m],
  ])('answers %s', async (_name, fields, status, detail) => {
    const { server, raw } = await setUp();
    raw.send(rawRequest({ port: raw.port, ...fields }));
    const answer = await raw.next();
    expect(answer.startsWith(status)).toBe(true);
    expect(answer).toMatch(detail);
    expect(server.dropped).toEqual(status.includes('405') ? ['notAllowed'] : []);
    expect(server.invites.count).toBe(0);
  });

  it('answers a merged request 482, and repeats the first answer', async () => {
    const { server, raw } = await setUp();
    const fields = { port: raw.port, method: 'INVITE', callId: 'merged' };
    const original = rawRequest({ ...fields, branch: 'z9hG4bKone' });
    server.onInvite = (invite) => invite.reject({ statusCode: 486 });
    raw.send(original);
    expect(await raw.next()).toMatch(/^SIP\/2.0 486 /);
    raw.send(rawRequest({ ...fields, branch: 'z9hG4bKtwo' }));
    let answer = await raw.next();
    while (answer.startsWith('SIP/2.0 486 ')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 482 /);
    expect(server.invites.count).toBe(1);
  });

  it('answers malformed requests 400, and never an ACK', async () => {
    const { server, raw } = await setUp();
    const broken = (method: string) =>
      rawRequest({ port: raw.port, method }).replace('Content-Length: 0', 'Content-Length: 9');
    raw.send(broken('ACK'));
    raw.send('rubbish');
    raw.send(broken('INVITE'));
    expect(await raw.next()).toMatch(/^SIP\/2.0 400 [\s\S]*^CSeq: 1 INVITE/m);
    expect(server.dropped).toEqual(['malformed', 'malformed', 'malformed']);
  });

  it('counts stray answers and oversized messages', async () => {
    const { server, raw } = await setUp({ limits: { ...LIMITS, maxMessageBytes: 1000 } });
    raw.send(rawRequest({ port: raw.port }).replace(/^.*\r\n/, 'SIP/2.0 200 OK\r\n'));
    raw.send(rawRequest({ port: raw.port, body: 'x'.repeat(1000) }));
    raw.send(rawRequest({ port: raw.port }));
    await raw.next();
    expect(server.dropped).toEqual(['unmatchedResponse', 'tooLarge']);
  });

  it('refuses new transactions at the bound, and still repeats old answers', async () => {
    const { server, raw } = await setUp({ limits: { ...LIMITS, maxTransactions: 1 } });
    const first = rawRequest({ port: raw.port });
    raw.send(first);
    const answer = await raw.next();
    raw.send(rawRequest({ port: raw.port }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 503 [\s\S]*^Retry-After: 5\r$/m);
    raw.send(first);
    expect(await raw.next()).toBe(answer);
    expect(server.dropped).toEqual(['overload']);
  });

  it('keeps room for dialogs in a flood of calls', async () => {
    const { server, raw } = await setUp({ limits: { ...LIMITS, maxTransactions: 10 } });
    const { dialog } = await establish(raw);
    for (let call = 0; call < 8; call += 1) {
      raw.send(rawRequest({ port: raw.port }));
      expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
    }
    raw.send(rawRequest({ port: raw.port }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 503 /);
    raw.send(rawRequest({ ...dialog, method: 'BYE', sequence: 11 }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 [\s\S]*BYE/);
    expect(server.dropped).toEqual(['overload']);
  });

  it('answers CANCEL 200 and its INVITE 487', async () => {
    const { server, raw } = await setUp();
    server.onInvite = () => undefined;
    const fields = { port: raw.port, branch: 'z9hG4bKc', callId: 'cancelled' };
    raw.send(rawRequest({ ...fields, method: 'INVITE' }));
    const invite = await server.invites.take();
    const heard = new Promise<void>((resolve) => invite.onCancel(resolve));
    raw.send(rawRequest({ ...fields, method: 'CANCEL' }));
    const answers = [await raw.next(), await raw.next()];
    expect(answers[0]).toMatch(/^SIP\/2.0 200 [\s\S]*^CSeq: 1 CANCEL/m);
    expect(answers[1]).toMatch(/^SIP\/2.0 487 [\s\S]*^CSeq: 1 INVITE/m);
    expect(toTagOf(answers[0] ?? '')).toBe(toTagOf(answers[1] ?? 'none'));
    await heard;
    raw.send(rawRequest({ ...fields, method: 'ACK', toTag: toTagOf(answers[1] ?? '') }));
    invite.reject({ statusCode: 480 });
    raw.send(rawRequest({ port: raw.port }));
    let last = await raw.next();
    while (last.startsWith('SIP/2.0 487 ')) last = await raw.next();
    expect(last).toMatch(/^SIP\/2.0 200 [\s\S]*OPTIONS/);
  });

  it('a CANCEL after the final answer has its To tag, and changes nothing', async () => {
    const { server, raw } = await setUp();
    const fields = { port: raw.port, branch: 'z9hG4bKlate', callId: 'late', fromTag: 'mine' };
    raw.send(rawRequest({ ...fields, method: 'INVITE' }));
    const toTag = toTagOf(await raw.next());
    raw.send(rawRequest({ ...fields, method: 'ACK', branch: 'z9hG4bKack', toTag }));
    raw.send(rawRequest({ ...fields, method: 'CANCEL' }));
    let answer = await raw.next();
    while (!answer.includes('CANCEL')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 200 /);
    expect(toTagOf(answer)).toBe(toTag);
    raw.send(rawRequest({ ...fields, method: 'BYE', branch: 'z9hG4bKbye', sequence: 2, toTag }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 /);
    expect(await server.handler.heard.take()).toBe('bye');
  });

  it('a CANCEL of another branch, sender or INVITE cancels nothing', async () => {
    const { server, raw } = await setUp();
    server.onInvite = () => undefined;
    const fields = { port: raw.port, branch: 'z9hG4bKmine', callId: 'safe' };
    raw.send(rawRequest({ ...fields, method: 'INVITE' }));
    const invite = await server.invites.take();
    raw.send(rawRequest({ ...fields, method: 'CANCEL', branch: 'z9hG4bKother' }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 481 /);
    raw.send(rawRequest({ ...fields, method: 'CANCEL', port: raw.port + 1 }));
    raw.send(rawRequest({ ...fields, method: 'CANCEL' }));
    expect(await raw.next()).toMatch(/^SIP\/2.0 (481|200) /);
    await expect.poll(() => invite.cancelled).toBe(true);
  });

  it('answers 100 to an INVITE whose owner is slow', async () => {
    const { server, raw } = await setUp();
    server.onInvite = () => undefined;
    raw.send(rawRequest({ port: raw.port, method: 'INVITE' }));
    expect(await raw.received.take()).toMatch(/^SIP\/2.0 100 Trying[\s\S]*^To: <[^;]*>\r$/m);
  });

  it('accepts a branch of RFC 2543 and a From without a tag', async () => {
    const { raw } = await setUp();
    const old = (sequence: number) =>
      rawRequest({ port: raw.port, branch: '1', sequence, callId: 'old' }).replace(/;tag=\w+/, '');
    raw.send(old(1));
    raw.send(old(2));
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 [\s\S]*CSeq: 1 /);
    expect(await raw.next()).toMatch(/^SIP\/2.0 200 [\s\S]*CSeq: 2 /);
  });
});
