import { gzipSync } from 'node:zlib';
import { agent } from '../../support/hush/hush.ts';
import { metadataOf, sdpOf, twoLines } from '../srs-client.ts';

export const sdp = sdpOf(twoLines);
const caller = 'tel:+31880000000';
const both = [agent, caller];
const nobody = [null, null];
const type = 'application/rs-metadata+xml';

export interface Shape {
  readonly contentType?: string;
  readonly content: string | Buffer;
}

/** A body by hand: boundaries, order and headers as the test wants them. */
export function multipart(
  pieces: readonly (readonly [string, string | Buffer])[],
  end = '--b--\r\n',
) {
  const parts = pieces.flatMap(([head, content]) => [
    Buffer.from(`--b\r\n${head}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(end)]);
}

export const sdpPiece = ['Content-Type: application/sdp', sdp] as const;
export const told = (content: string | Buffer, head = `Content-Type: ${type}`) =>
  ({ content: multipart([sdpPiece, [head, content]]) }) as Shape;
export const metadata = metadataOf();
export const whole = multipart([sdpPiece, [`Content-Type: ${type}`, metadata]]);
const utf16 = (text: string) => Buffer.from(`\ufeff${text.replace('UTF-8', 'UTF-16')}`, 'utf16le');
const ucid = '<ac:AvayaUCID xmlns="urn:ietf:params:xml:ns:Avaya">FA08</ac:AvayaUCID></recording>';
const bomb = `<!DOCTYPE r [<!ENTITY a "${'lol'.repeat(50)}"><!ENTITY b "&a;&a;&a;">]>`;

export const shapes: readonly (readonly [
  string,
  Shape,
  readonly (string | null)[],
  string[] | null,
])[] = [
  ['as it should be', { content: whole }, both, null],
  ['an undeclared prefix', told(metadata.replace('</recording>', ucid)), both, ['namespace']],
  ['no namespace', told(metadata.replace(/ xmlns="[^"]*"/, '')), both, ['namespace']],
  [
    'an unknown namespace',
    told(metadata.replace('recording:1', 'recording:9')),
    both,
    ['namespace'],
  ],
  [
    'a bare ampersand',
    told(metadata.replace('</recording>', '<x>A & B</x></recording>')),
    both,
    ['malformed'],
  ],
  ['entities that grow', told(metadata.replace('?>', `?>${bomb}`)), both, ['doctype']],
  ['no end', told(metadata.replace('</recording>', '')), both, ['malformed']],
  ['a beginning only', told(metadata.slice(0, 330)), nobody, ['malformed']],
  ['nothing in it', told(''), nobody, ['malformed']],
  ['no XML', told('\0\u0001\u0002'), nobody, ['malformed']],
  ['an empty line first', told(`\r\n${metadata}`), both, null],
  ['the mark of UTF-8', told(`\ufeff${metadata}`), both, null],
  ['UTF-16, little-endian', told(utf16(metadata)), both, null],
  ['UTF-16, big-endian', told(utf16(metadata).swap16()), both, null],
  [
    'base64',
    told(
      Buffer.from(metadata).toString('base64'),
      `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64`,
    ),
    both,
    null,
  ],
  [
    'quoted-printable',
    told(
      metadata.replaceAll('=', '=3D'),
      `Content-Transfer-Encoding: quoted-printable\r\nContent-Type: ${type}`,
    ),
    both,
    null,
  ],
  ['gzip', told(gzipSync(metadata), `Content-Type: ${type}\r\nContent-Encoding: gzip`), both, null],
  [
    'an encoding nobody knows',
    told(metadata, `Content-Type: ${type}\r\nContent-Transfer-Encoding: x-foo`),
    both,
    ['transferEncoding'],
  ],
  ['a charset nobody knows', told(metadata.replace('UTF-8', 'X-FOO')), both, ['charset']],
  ['another media type', told(metadata, 'Content-Type: text/xml'), both, ['contentType']],
  ['no media type', told(metadata, 'X-Note: none'), both, ['contentType']],
  [
    'no closing boundary',
    { content: multipart([sdpPiece, [`Content-Type: ${type}`, metadata]], '') },
    both,
    ['truncated'],
  ],
  [
    'no closing boundary behind the SDP',
    { content: multipart([[`Content-Type: ${type}`, metadata], sdpPiece], '') },
    both,
    ['truncated'],
  ],
  [
    'half a closing boundary',
    { content: multipart([[`Content-Type: ${type}`, metadata], sdpPiece], '--') },
    both,
    ['truncated'],
  ],
  ['no boundary announced', { contentType: 'multipart/mixed', content: whole }, both, ['boundary']],
  [
    'another boundary announced',
    { contentType: 'multipart/mixed;boundary=c', content: whole },
    both,
    ['boundary'],
  ],
  [
    'SDP announced',
    { contentType: 'application/sdp', content: whole },
    both,
    ['contentType', 'boundary'],
  ],
  [
    'text announced',
    { contentType: 'text/plain', content: whole },
    both,
    ['contentType', 'boundary'],
  ],
  ['bare line feeds', { content: whole.toString().replaceAll('\r\n', '\n') }, both, null],
  [
    'a preamble and an epilogue',
    { content: Buffer.concat([Buffer.from('Hi\r\n\r\n'), whole, Buffer.from('--x')]) },
    both,
    null,
  ],
  [
    'parts with the types of each other',
    {
      content: multipart([
        ['Content-Type: application/sdp', metadata],
        [`Content-Type: ${type}`, sdp],
      ]),
    },
    both,
    ['contentType'],
  ],
  [
    'two documents',
    {
      content: multipart([
        [
          `Content-Type: ${type}`,
          metadata.replace(/<participantstreamassoc.*<\/participantstreamassoc>/s, ''),
        ],
        sdpPiece,
        [`Content-Type: ${type}`, metadata],
      ]),
    },
    both,
    null,
  ],
  [
    'a part in a part',
    {
      content: multipart([
        [
          'Content-Type: multipart/mixed;boundary=in',
          `--in\r\nContent-Type: ${type}\r\n\r\n${metadata}\r\n--in--`,
        ],
        sdpPiece,
      ]),
    },
    both,
    null,
  ],
  ['SDP without a media type', { contentType: 'text/plain', content: sdp }, nobody, null],
  [
    'an address beyond all bounds',
    told(metadata.replace(agent, `sip:${'a'.repeat(9_000)}@x`)),
    [null, caller],
    ['tooLong'],
  ],
  [
    'a nil session id',
    told(metadataOf({ sessionId: 'AAAAAAAAAAAAAAAAAAAAAA==' })),
    both,
    ['sessionId'],
  ],
];
