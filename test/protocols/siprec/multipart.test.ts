import { expect, test } from 'vitest';
import {
  buildMultipart,
  MAX_MULTIPART_PARTS,
  MultipartError,
  parseMultipart,
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

function reasonOf(content: string | Buffer, contentType = type): string {
  try {
    parseMultipart(Buffer.from(content), contentType);
  } catch (error) {
    if (error instanceof MultipartError) return error.reason;
    throw error;
  }
  return 'accepted';
}

test.each([
  ['CRLF', body, '\r\n'],
  ['LF only', body.replaceAll('\r\n', '\n'), '\n'],
])('parts with preamble and epilogue, %s', (_name, text, lineBreak) => {
  const parts = parseMultipart(Buffer.from(text), type);
  expect(parts.map((part) => [part.contentType, part.disposition, String(part.content)])).toEqual([
    ['application/sdp', 'session', `v=0${lineBreak}--edgewise is no delimiter`],
    ['application/rs-metadata+xml', 'recording-session', '<recording/>'],
  ]);
});

test.each([
  ['multipart/mixed; boundary="a b:c"', 'a b:c'],
  ['Multipart/Mixed; Boundary=unique-boundary-1', 'unique-boundary-1'],
  ['multipart/related;type="x";boundary=b;start=y', 'b'],
])('boundary of %s', (contentType, boundary) => {
  const content = `--${boundary}\r\n\r\nplain\r\n--${boundary}--`;
  const parts = parseMultipart(Buffer.from(content), contentType);
  expect(parts.map((part) => [part.contentType, String(part.content)])).toEqual([
    ['text/plain', 'plain'],
  ]);
});

test('header lines may be folded', () => {
  const content = '--edge\r\nContent-Type:\r\n application/sdp\r\n\r\nv=0\r\n--edge--';
  expect(parseMultipart(Buffer.from(content), type)[0]?.contentType).toBe('application/sdp');
});

test('binary content is untouched', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const built = buildMultipart([
    { contentType: 'application/octet-stream', content: bytes },
    { contentType: 'application/sdp', disposition: 'session', content: 'v=0\r\n' },
  ]);
  const parts = parseMultipart(built.content, built.contentType);
  expect(parts[0]?.content).toEqual(bytes);
  expect(parts[1]).toEqual({
    contentType: 'application/sdp',
    disposition: 'session',
    content: Buffer.from('v=0\r\n'),
  });
});

test.each([
  ['x', 'application/sdp', 'notMultipart'],
  ['x', 'multipart/mixed', 'notMultipart'],
  ['x', 'multipart/mixed; boundary=', 'boundary'],
  ['x', `multipart/mixed; boundary=${'b'.repeat(71)}`, 'boundary'],
  ['', type, 'truncated'],
  ['--edge\r\n\r\nx', type, 'truncated'],
  ['x--edge\r\n\r\nx\r\n--edge--', type, 'accepted'],
  ['--edge\r\nno empty line\r\n--edge--', type, 'partHeaders'],
  [`--edge\r\nX: ${'y'.repeat(5000)}\r\n\r\nx\r\n--edge--`, type, 'partHeaders'],
  ['--edge\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--edge--', type, 'transferEncoding'],
  [`${'--edge\r\n\r\nx\r\n'.repeat(MAX_MULTIPART_PARTS + 1)}--edge--`, type, 'tooManyParts'],
])('answer with a reason (%#)', (content, contentType, reason) => {
  expect(reasonOf(content, contentType)).toBe(reason);
});

test('cut at any byte before the closing boundary is whole, it is refused as truncated', () => {
  const whole = body.indexOf('--edge--') + '--edge--'.length;
  for (let length = 0; length <= body.length; length += 1) {
    const reason = reasonOf(body.slice(0, length));
    expect([length, reason]).toEqual([length, length < whole ? 'truncated' : 'accepted']);
  }
});
