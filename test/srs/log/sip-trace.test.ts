import { describe, expect, it } from 'vitest';
import type { Log, LogFields } from '../../../src/domain/ports/log.ts';
import type { SipPeer } from '../../../src/protocols/sip/message/types.ts';
import { descriptionIn, SipTrace } from '../../../src/srs/log/sip-trace.ts';
import { withoutSecrets } from '../../../src/srs/log/without-secrets.ts';
import { rawRequest } from '../../protocols/sip/raw-peer.ts';

const peer: SipPeer = { address: '10.0.0.5', port: 5060, transport: 'UDP' };

function bench(isOn: boolean) {
  const lines: [LogFields, string][] = [];
  const ignore = () => undefined;
  const log: Log = {
    child: () => log,
    isLevelEnabled: () => isOn,
    debug: (fields, message) => void lines.push([fields, message]),
    ...{ info: ignore, warn: ignore, error: ignore },
  };
  return { trace: new SipTrace(log), lines };
}

describe('the trace of SIP messages', () => {
  it('reads nothing of a message while its level is off', () => {
    const { trace, lines } = bench(false);
    const unread = new Proxy(Buffer.alloc(0), {
      get: () => expect.fail('the message was looked at'),
    });
    trace.message('in', unread, peer);
    expect(lines).toEqual([]);
  });

  it('shows start line, headers and description', () => {
    const { trace, lines } = bench(true);
    const headers = ['Contact: <sip:a@b>', 'Content-Type: application/sdp', 'Session-ID: 77'];
    const body = 'v=0\r\ns=-\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0\r\n';
    const text = rawRequest({ port: 5060, method: 'INVITE', callId: 'one', headers, body });
    trace.message('in', Buffer.from(text), peer);
    const [[fields, message] = []] = lines;
    expect(message).toBe('INVITE sip:4711@127.0.0.1 SIP/2.0');
    expect(fields).toMatchObject({ direction: 'in', peer: 'UDP 10.0.0.5:5060', sipCallId: 'one' });
    expect(fields?.sip).toContain('Session-ID: 77');
    expect(fields?.sdp).toContain('a=crypto:1 AES_CM_128_HMAC_SHA1_80 (masked)');
  });

  it('masks what a caller may have typed, in whatever encoding (RFC 7433)', () => {
    const { trace, lines } = bench(true);
    // 4111111111111111 in hexadecimal.
    const typed = '34313131313131313131313131313131';
    const headers = [`User-to-User: ${typed};encoding=hex`];
    trace.message('in', Buffer.from(rawRequest({ port: 5060, method: 'INVITE', headers })), peer);
    expect(lines[0]?.[0].sip).toContain('User-to-User: (masked)');
    expect(JSON.stringify(lines)).not.toContain(typed);
  });

  it('shows of a flood so many in a second, and how many it did not show', () => {
    const { trace, lines } = bench(true);
    const message = Buffer.from(rawRequest({ port: 5060 }));
    for (let count = 0; count < 1_000; count += 1) trace.message('in', message, peer);
    expect(lines.length).toBeLessThan(1_000);
  });
});

describe('a description in the log', () => {
  it.each([
    ['k=base64:c2VjcmV0', 'k=base64: (masked)'],
    ['a=key-mgmt:mikey c2VjcmV0', 'a=key-mgmt: (masked)'],
    ['a=crypto:1 XYZ_1 inline:c2VjcmV0|2^20|1:4', 'a=crypto:1 XYZ_1 (masked)'],
    ['a=crypto:c2VjcmV0', 'a=crypto: (masked)'],
    ['A=CRYPTO:1 XYZ inline:c2VjcmV0', 'A=CRYPTO:1 XYZ (masked)'],
  ])('has no key of %s', (line, shown) => {
    expect(descriptionIn(Buffer.from(`--b\r\n\r\nv=0\r\n${line}\r\nm=x\r\n--b--`))).toEqual([
      ...['v=0', shown, 'm=x'],
    ]);
  });
});

describe('a header in the log', () => {
  it.each([
    ['<sip:user:geheim@host>', '<sip:user:(masked)@host>'],
    ['sips:user:@host', 'sips:user:(masked)@host'],
    ['<tel:+3188;postd=pp4711>', '<tel:+3188;postd=(masked)>'],
    ['Bearer abc.def', 'Bearer (masked)'],
    ['Digest realm="x", nonce="n", qop="auth"', 'Digest realm="x", nonce="(masked)", qop="auth"'],
    ['<sip:agent@10.0.0.1:5060;transport=tcp>', '<sip:agent@10.0.0.1:5060;transport=tcp>'],
  ])('%s', (value, shown) => {
    expect(withoutSecrets(value)).toBe(shown);
  });
});
