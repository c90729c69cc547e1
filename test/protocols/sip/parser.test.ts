import { describe, expect, it } from 'vitest';
import {
  header,
  headerValues,
  parseCommandSequence,
  parseNameAddr,
  parseSipUri,
} from '../../../src/protocols/sip/message/headers.ts';
import { MAX_HEADER_COUNT, parseMessage } from '../../../src/protocols/sip/message/parser.ts';
import {
  serializeRequest,
  serializeResponse,
} from '../../../src/protocols/sip/message/serializer.ts';
import type { SipRequest } from '../../../src/protocols/sip/message/types.ts';
import { answerDestination, parseVia, stampVia } from '../../../src/protocols/sip/message/via.ts';

const GOOD = [
  'INVITE sip:4711@hush.example SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1',
  'From: <sip:a@example.com>;tag=1',
  'To: <sip:4711@hush.example>',
  'Call-ID: c1@192.0.2.1',
  'CSeq: 1 INVITE',
  'Contact: <sip:a@192.0.2.1:5070>',
];

function message(lines: readonly string[], body: Buffer | string = ''): Buffer {
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body)]);
}

/** GOOD with the line that starts with `name` replaced, or left out. */
function changed(name: string, ...lines: string[]): Buffer {
  return message(GOOD.flatMap((line) => (line.startsWith(name) ? lines : [line])));
}

function request(data: Buffer): SipRequest {
  const parsed = parseMessage(data);
  if (parsed.kind !== 'request') throw new Error(`not a request: ${parsed.kind}`);
  return parsed.request;
}

describe('parseMessage', () => {
  it('keeps bytes of the body and cuts what follows it', () => {
    const body = Buffer.from([0, 255, 13, 10, 13, 10, 128]);
    const whole = [...GOOD, 'Content-Length: 7'];
    expect(request(message(whole, Buffer.concat([body, Buffer.from('rest')]))).body).toEqual(body);
    expect(request(message(GOOD, body)).body).toEqual(body);
  });

  it('reads compact names, folded lines and white space', () => {
    const parsed = request(
      message([
        'INVITE sip:4711@hush.example sip/2.0',
        'v:  SIP  / 2.0 / UDP',
        '   192.0.2.1 : 5070 ; branch = z9hG4bK1 , SIP/2.0/TCP [2001:db8::1]',
        'f \t: "Q, \\"<" <sip:a@example.com>',
        '\t;tag=1',
        't: sip:4711@hush.example;tag=2',
        'i:c1',
        'CSeq:  0001   INVITE',
        'm: <sip:a@192.0.2.1?x=1>;q=1, "b,c" <sip:b@192.0.2.1>',
        'l: 0',
      ]),
    );
    expect(headerValues(parsed, 'via')).toHaveLength(2);
    expect(headerValues(parsed, 'Contact')).toEqual([
      '<sip:a@192.0.2.1?x=1>;q=1',
      '"b,c" <sip:b@192.0.2.1>',
    ]);
    expect(parseVia(headerValues(parsed, 'Via')[0] ?? '')).toMatchObject({ port: 5070 });
    expect(parseVia(headerValues(parsed, 'Via')[1] ?? '')).toMatchObject({ host: '2001:db8::1' });
    expect(parseNameAddr(header(parsed, 'From') ?? '')?.displayName).toBe('Q, "<');
    expect(parseNameAddr(header(parsed, 'To') ?? '')?.params.get('tag')).toBe('2');
    expect(parseCommandSequence(header(parsed, 'CSeq'))?.sequence).toBe(1);
  });

  it('skips line ends before the start line and accepts control characters in quotes', () => {
    const odd = 'From: "\\\u0007\\\u0000 \u00e9" <sip:a@example.com>;tag=1';
    const lines = GOOD.map((line) => (line.startsWith('From') ? odd : line));
    const parsed = request(Buffer.concat([Buffer.from('\r\n\r\n'), message(lines)]));
    expect(header(parsed, 'From')).toBe(odd.slice(6));
  });

  it('reads responses, with and without a reason', () => {
    for (const line of ['SIP/2.0 200 OK', 'SIP/2.0 200 ', 'SIP/2.0 200', 'sip/2.0 200 a b']) {
      expect(parseMessage(message([line, ...GOOD.slice(1)])).kind).toBe('response');
    }
    expect(parseMessage(message(['SIP/2.0 99 Low', ...GOOD.slice(1)])).kind).toBe('failure');
    expect(parseMessage(message(['SIP/2.0 200 OK', ...GOOD.slice(2)])).kind).toBe('failure');
  });

  const answerable: Record<string, Buffer> = {
    'a Content-Length beyond the datagram': message([...GOOD, 'Content-Length: 99999'], 'v=0'),
    'a Content-Length that is no number': message([...GOOD, 'Content-Length: -1']),
    'a huge Content-Length': message([...GOOD, `Content-Length: ${'9'.repeat(400)}`]),
    'two Content-Lengths': message([...GOOD, 'Content-Length: 0', 'l: 1'], 'x'),
    'a CSeq of another method': changed('CSeq', 'CSeq: 1 BYE'),
    'a CSeq too large': changed('CSeq', 'CSeq: 2147483648 INVITE'),
    'a CSeq without a number': changed('CSeq', 'CSeq: INVITE'),
    'two Call-IDs': message([...GOOD, 'Call-ID: c2']),
    'two From': message([...GOOD, 'f: <sip:b@example.com>;tag=9']),
    'an unclosed quote in To': changed('To', 'To: "x <sip:4711@hush.example>'),
    'an unclosed bracket in From': changed('From', 'From: <sip:a@example.com;tag=1'),
    'a line without a colon': message([...GOOD, 'nonsense']),
    'a bare line feed in a header': message([...GOOD, 'X-A: 1\nX-B: 2']),
    'a header without a name': message([...GOOD, ': 1']),
    'no end of headers': Buffer.from(GOOD.join('\r\n')),
    'too many headers': message([...GOOD, ...Array<string>(MAX_HEADER_COUNT).fill('X-A: 1')]),
  };
  it.each(Object.entries(answerable))('answers %s with 400', (_name, data) => {
    expect(parseMessage(data)).toMatchObject({ kind: 'failure', statusCode: 400, request: {} });
  });

  it('answers another version with 505', () => {
    const data = message(['INVITE sip:a@b SIP/7.0', ...GOOD.slice(1)]);
    expect(parseMessage(data)).toMatchObject({ kind: 'failure', statusCode: 505, request: {} });
  });

  const silent: Record<string, Buffer> = {
    nothing: Buffer.alloc(0),
    'line ends only': Buffer.from('\r\n\r\n'),
    'a null byte': Buffer.from([0]),
    HTTP: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'an unreadable method': message(['IN{VITE sip:a@b SIP/2.0', ...GOOD.slice(1)]),
    'no Via': changed('Via'),
    'an unreadable Via': changed('Via', 'Via: SIP/2.0/UDP'),
    'a Via port out of range': changed('Via', 'Via: SIP/2.0/UDP a:70000;branch=z9hG4bK1'),
    'no From': changed('From'),
    'an empty To': changed('To', 'To:'),
    'no Call-ID': changed('Call-ID'),
    'no CSeq': changed('CSeq'),
    'a folded first header': message([GOOD[0] ?? '', ' Via: SIP/2.0/UDP a;branch=z9hG4bK1']),
  };
  it.each(Object.entries(silent))('drops %s', (_name, data) => {
    expect(parseMessage(data)).toEqual({ kind: 'failure', statusCode: 400 });
  });

  it('reads the serializer’s output', () => {
    const written = request(message([...GOOD, 'Content-Length: 3'], 'v=0'));
    expect(request(serializeRequest(written)).headers).toEqual([
      ...written.headers.slice(0, -1),
      { name: 'Content-Length', value: '3' },
    ]);
    const response = {
      statusCode: 200,
      reason: 'O\r\nK',
      headers: written.headers,
      body: written.body,
    };
    const injected = { name: 'X-A', value: '1\r\nX-B: 2' };
    const data = serializeResponse({ ...response, headers: [...written.headers, injected] });
    const parsed = parseMessage(data);
    if (parsed.kind !== 'response') throw new Error('no response');
    expect(header(parsed.response, 'X-A')).toBe('1 X-B: 2');
    expect(header(parsed.response, 'X-B')).toBeUndefined();
    expect(parsed.response.reason).toBe('O K');
  });

  it('reads hostile white space and quotes quickly', () => {
    const started = performance.now();
    const hostile = ['Via', 'From', 'To', 'CSeq', 'Contact'].flatMap((name) => [
      changed(name, `${name}: ${' '.repeat(60_000)}x`),
      changed(name, `${name}: SIP/2.0/UDP${' '.repeat(60_000)}x${' ; '.repeat(20_000)}\u0001`),
      changed(name, `${name}: ${'"\\'.repeat(30_000)}`),
      changed(name, `${name}: ${'<,'.repeat(30_000)}`),
      changed(name, `${name}: <sip:${'@'.repeat(60_000)}`),
    ]);
    for (const data of hostile) {
      const parsed = parseMessage(data);
      if (parsed.kind === 'request') {
        const [contact = ''] = headerValues(parsed.request, 'Contact');
        parseSipUri(parseNameAddr(contact)?.uri ?? contact);
        stampVia(parsed.request, { address: '192.0.2.9', port: 1, transport: 'UDP' });
      }
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('parseSipUri', () => {
  it.each([
    ['sip:a@b', { scheme: 'sip', user: 'a', host: 'b', port: undefined }],
    ['SIPS:%34711:secret@B.example:5061;transport=TCP;lr?x=y', { user: '4711', host: 'b.example' }],
    ['sip:[2001:db8::1]:5062', { user: undefined, host: '2001:db8::1', port: 5062 }],
    ['sip:+49;phone-context=x@b;user=phone', { user: '+49;phone-context=x', host: 'b' }],
    ['sip:%zz@b', { user: '%zz' }],
  ])('reads %s', (uri, expected) => {
    expect(parseSipUri(uri)).toMatchObject(expected);
  });

  it.each(['', 'sip:', 'sip:@', 'tel:+49', 'sip:a@b:99999', 'sip:a@b c', 'sip:a@[x', 'http://b'])(
    'refuses %s',
    (uri) => expect(parseSipUri(uri)).toBeUndefined(),
  );
});

describe('the top Via', () => {
  const peer = { address: '198.51.100.7', port: 40_000, transport: 'UDP' } as const;

  function stamped(via: string): SipRequest {
    return stampVia(request(changed('Via', `Via: ${via}`)), peer);
  }

  it('gets received and rport, and forged ones are replaced', () => {
    const one = stamped(
      'SIP/2.0/UDP host:5070;rport;received=6.6.6.6;branch=z9hG4bK1, SIP/2.0/TCP b',
    );
    expect(headerValues(one, 'Via')).toEqual([
      'SIP/2.0/UDP host:5070;branch=z9hG4bK1;received=198.51.100.7;rport=40000',
      'SIP/2.0/TCP b',
    ]);
    expect(answerDestination(one, peer)).toEqual({ peer });
  });

  it('sends the answer to the port that Via names without rport', () => {
    const one = stamped('SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK1');
    expect(headerValues(one, 'Via')).toEqual(['SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK1']);
    expect(answerDestination(one, peer)).toEqual({ peer: { ...peer, port: 5070 } });
    const other = stamped('SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1');
    expect(answerDestination(other, peer)).toEqual({ peer: { ...peer, port: 5060 } });
    expect(headerValues(other, 'Via')[0]).toContain(';received=198.51.100.7');
  });
});

it.each([
  ['a space in the URI', 'INVITE sip:a b@c SIP/2.0'],
  ['two spaces', 'INVITE  sip:a@c  SIP/2.0'],
  ['a space at the end', 'INVITE sip:a@c SIP/2.0 '],
])('%s is answered 400', (_, line) => {
  const parsed = parseMessage(message([line, ...GOOD.slice(1)]));
  expect(parsed).toMatchObject({ kind: 'failure', statusCode: 400, request: { method: 'INVITE' } });
});
