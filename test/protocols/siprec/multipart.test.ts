import { expect, test } from 'vitest';
import {
  buildMultipart,
  MAX_MULTIPART_PARTS,
  readMultipart,
} from '../../../src/protocols/siprec/multipart.ts';

const type = 'multipart/mixed;boundary=edge';
const lines = [
  'preamble, to be passed over',
  '--edge',
  'Content-Type: application/sdp; charset=x',
  'Content-Disposition: session;handling=required',
  '',
  'v=0',
  '--edgewise is no delimiter',
  '--edge  ',
  'content-type:Application/RS-Metadata+XML',
  'Content-Disposition:recording-session',
  '',
  '<recording/>',
  '--edge--',
  'epilogue',
  '--edge',
];
const body = lines.join('\r\n');

function read(content: string | Buffer, contentType = type) {
  const { parts, faults } = readMultipart(Buffer.from(content), contentType);
  return { parts: parts.map((part) => [part.contentType, String(part.content)]), faults };
}

test.each([
  ['CRLF', body, '\r\n'],
  ['LF only', body.replaceAll('\r\n', '\n'), '\n'],
])('parts with preamble and epilogue, %s', (_name, text, lineBreak) => {
  const { parts, faults } = readMultipart(Buffer.from(text), type);
  expect(faults).toEqual([]);
  expect(parts.map((part) => [part.contentType, part.disposition, String(part.content)])).toEqual([
    ['application/sdp', 'session', `v=0${lineBreak}--edgewise is no delimiter`],
    ['application/rs-metadata+xml', 'recording-session', '<recording/>'],
  ]);
});

test.each([
  ['multipart/mixed; boundary="a b:c"', 'a b:c'],
  ['Multipart/Mixed; Boundary=unique-boundary-1', 'unique-boundary-1'],
  ['multipart/related;type="x";boundary=b;start=y', 'b'],
])('a boundary of %s is accepted', (contentType, boundary) => {
  const content = `--${boundary}\r\n\r\nplain\r\n--${boundary}--`;
  expect(read(content, contentType)).toEqual({ parts: [['text/plain', 'plain']], faults: [] });
});

test('header lines may be folded', () => {
  const content = '--edge\r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\n--edge--';
  expect(read(content)).toEqual({ parts: [['application/sdp', 'v=0']], faults: [] });
});

test('binary content is untouched', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const built = buildMultipart([
    { contentType: 'application/octet-stream', content: bytes },
    { contentType: 'application/sdp', disposition: 'session', content: 'v=0\r\n' },
  ]);
  const { parts } = readMultipart(built.content, built.contentType);
  expect(parts[0]?.content).toEqual(bytes);
  expect(parts[1]).toEqual({
    ...{ contentType: 'application/sdp', typeHeader: 'application/sdp', coding: undefined },
    disposition: 'session',
    content: Buffer.from('v=0\r\n'),
  });
});

const sdp = 'Content-Type: application/sdp\r\n\r\nv=0';

test.each([
  ['no boundary announced', `--b\r\n${sdp}\r\n--b--`, 'multipart/mixed', ['boundary']],
  ['another one announced', `--b\r\n${sdp}\r\n--b--`, 'multipart/mixed;boundary=c', ['boundary']],
  ['an empty one', `\r\n--b\r\n${sdp}\r\n--b--`, 'multipart/mixed; boundary=', ['boundary']],
  ['a text before it', `Hello\r\n--b c\r\n${sdp}\r\n--b c--`, 'text/plain', ['boundary']],
  ['a long one', `--${'b'.repeat(99)}\r\n${sdp}\r\n--${'b'.repeat(99)}--`, 'x/y', ['boundary']],
  ['no closing boundary', `--edge\r\n${sdp}`, type, ['truncated']],
  ['a closing boundary without its dashes', `--edge\r\n${sdp}\r\n--edge\r\n`, type, ['truncated']],
  ['a closing boundary with one dash', `--edge\r\n${sdp}\r\n--edge`, type, ['truncated']],
  [
    'no empty line',
    `--edge\r\n${sdp.replace('\r\n\r\n', '\r\n')}\r\n--edge--`,
    type,
    ['partHeaders'],
  ],
])('the part is read where the body has %s', (_name, content, contentType, faults) => {
  const { parts, faults: found } = read(content, contentType);
  expect(parts.map(([kind, text]) => [kind, text?.trim()])).toEqual([['application/sdp', 'v=0']]);
  expect(found).toEqual(faults);
});

test.each([
  ['base64', 'PHg+\r\nPC94Pg==\r\n', '<x></x>'],
  ['BASE64', 'PHg+PC94Pg', '<x></x>'],
  ['quoted-printable', '<x a=3D"=C3=A9">=\r\n</x>', '<x a="é"></x>'],
  ['quoted-printable', '<x a="1">', '<x a="1">'],
  ['8BIT', '<x/>', '<x/>'],
])('%s of %j is decoded', (encoding, content, text) => {
  const body = `--edge\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n--edge--`;
  expect(read(body)).toEqual({ parts: [['text/plain', text]], faults: [] });
});

test.each([
  ['base64', '<x/>'],
  ['base64', 'v=0'],
  ['base64', '<x a="ü"/>'],
  ['x-uuencode', '<x/>'],
])('%s of %j stays as it came', (encoding, content) => {
  const body = `--edge\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n--edge--`;
  expect(read(body)).toEqual({ parts: [['text/plain', content]], faults: ['transferEncoding'] });
});

test('parts beyond the bound are not read', () => {
  const { parts, faults } = read(
    `${'--edge\r\n\r\nx\r\n'.repeat(MAX_MULTIPART_PARTS + 1)}--edge--`,
  );
  expect(parts).toHaveLength(MAX_MULTIPART_PARTS);
  expect(faults).toEqual(['tooManyParts']);
});

test.each(['', 'x', '--', '--edge', '\r\n', `--edge\r\nX: ${'y'.repeat(5000)}`])(
  '%j throws nothing',
  (content) => {
    expect(read(content).faults).not.toEqual([]);
  },
);

test('a body cut at any byte is read up to there, and the cut reported', () => {
  const end = body.indexOf('--edge--') + '--edge--'.length;
  const second = body.indexOf('v=0');
  for (let length = 0; length <= body.length; length += 1) {
    const { parts, faults } = read(body.slice(0, length));
    if (length >= end) expect([length, faults]).toEqual([length, []]);
    else expect([length, faults.length > 0]).toEqual([length, true]);
    if (length > second + 3) expect(parts[0]?.[1]?.startsWith('v=0')).toBe(true);
  }
});
