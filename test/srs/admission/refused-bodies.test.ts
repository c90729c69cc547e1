import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyRefusal } from '../../../src/srs/body-refusal.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { RawCall } from '../raw-call.ts';
import { sdpOf } from '../srs-client.ts';

const accept = /^Accept: application\/sdp, multipart\/mixed, application\/rs-metadata\+xml/m;
const sdp = sdpOf([{}]);
const encoded = 'Content-Encoding: br';

/** Bodies that nobody here can read, and the line that says what could be. */
const unreadable: [string, string, readonly string[], RegExp][] = [
  ['text', 'text/plain', [], accept],
  ['a type that begins alike', 'application/sdp2', [], accept],
  ['no type', '', [], accept],
  ['an unknown encoding', 'application/sdp', [encoded], /^Accept-Encoding: identity\r$/m],
  ['one on its own line', 'application/sdp', ['e: identity', encoded], /^Accept-Encoding:/m],
  ['one in a list', 'text/plain', ['e: identity, compress'], /^Accept-Encoding: identity/m],
];

describe('a body that cannot be read', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await TestHush.start();
  });
  afterAll(() => hush.remove());

  it.each(unreadable)('%s is answered 415 with what can be', async (_name, type, headers, line) => {
    const call = await RawCall.open(hush);
    const body = { body: 'hello', contentType: type, headers };
    const first = await call.invite(body);
    expect([first.status, line.test(first.text)]).toEqual([415, true]);
    call.close();
    const other = await RawCall.open(hush);
    await other.establish([{}]);
    for (const method of ['INVITE', 'UPDATE']) {
      const later = await other.request(method, body);
      expect([later.status, line.test(later.text)]).toEqual([415, true]);
      if (method === 'INVITE') other.ack();
    }
    expect((await other.streams()).map(({ held }) => held)).toEqual([false]);
    await other.request('BYE');
    other.close();
  });

  it('is ignored when it is marked optional, or not needed', () => {
    const headers = (type: string, more: Record<string, string> = {}) =>
      Object.entries({ 'Content-Type': type, ...more }).map(([name, value]) => ({ name, value }));
    const request = { method: 'INVITE', requestUri: 'sip:a@b', body: Buffer.from('hello') };
    const optional = { 'Content-Disposition': 'signal ; handling = Optional' };
    expect(bodyRefusal({ ...request, headers: headers('a/b', optional) })).toBeUndefined();
    expect(bodyRefusal({ ...request, headers: headers('a/b'), body: Buffer.alloc(0) })).toBe(
      undefined,
    );
    const found = { hasMetadata: true };
    expect(bodyRefusal({ ...request, headers: headers('a/b') }, found)).toBeUndefined();
    const required = { 'Content-Disposition': 'session;handling=required' };
    expect(bodyRefusal({ ...request, headers: headers('a/b', required) })?.statusCode).toBe(415);
  });
});

describe('an offer that cannot be accepted', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await TestHush.start();
  });
  afterAll(() => hush.remove());

  it.each([
    ['of video', sdp.replace('m=audio', 'm=video'), /^Warning: 304 hush ".*"\r$/m],
    ['of other codecs', sdpOf([{ formats: '18' }]), /^Warning: 305 hush ".*"\r$/m],
    ['under DTLS', sdp.replace('RTP/AVP', 'UDP/TLS/RTP/SAVP'), /^Warning: 302 hush ".*"\r$/m],
    ['under SRTP without a key', sdp.replace('RTP/AVP', 'RTP/SAVP'), /^Warning: 302 hush ".*"\r$/m],
  ])('%s is answered with a reason', async (_name, body, warning) => {
    const call = await RawCall.open(hush);
    const answer = await call.invite({ body });
    expect([answer.status, warning.test(answer.text)]).toEqual([488, true]);
    call.close();
  });
});
