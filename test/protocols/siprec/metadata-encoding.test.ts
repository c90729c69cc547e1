import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../../src/protocols/siprec/metadata.ts';
import { agent, caller, good, read, senders } from './sample-metadata.ts';

describe('nothing is amiss with metadata', () => {
  const utf16 = good.replace('UTF-8', 'UTF-16');
  const swapped = (text: string) => Buffer.from(text, 'utf16le').swap16();
  test.each([
    ['behind empty lines', `\r\n\r\n  ${good}`],
    ['before NULs', `${good}\0\0`],
    ['with the mark of UTF-8', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(good)])],
    ['in UTF-16, little-endian, marked', Buffer.from(`\ufeff${utf16}`, 'utf16le')],
    ['in UTF-16, big-endian, marked', swapped(`\ufeff${utf16}`)],
    ['in UTF-16, little-endian, declared', Buffer.from(utf16.replace('16', '16LE'), 'utf16le')],
    ['in UTF-16, big-endian, behind a line', swapped(`\r\n${utf16}`)],
    ['that says UTF-16 and is not', utf16],
    ['of XML 1.1', good.replace('1.0', '1.1')],
    ['without a declaration', good.replace(/<\?.*\?>/, '')],
    ['in CDATA', good.replace('>Ann<', '><![CDATA[Ann]]><')],
  ])('%s', (_name, content) => {
    const { metadata, faults } = read(content);
    expect(senders(metadata)).toEqual([agent, caller]);
    expect(metadata).toMatchObject({ dataMode: 'complete', participants: [{ name: 'Ann' }, {}] });
    expect(faults).toEqual([]);
  });

  const named = (name: string, encoding: string) =>
    good.replace('Ann', name).replace('UTF-8', encoding);
  test.each([
    ['ISO-8859-1', Buffer.from(named('Jürgen', 'ISO-8859-1'), 'latin1'), undefined, []],
    [
      'windows-1251',
      Buffer.from(named('\u00de\u00f0\u00e8\u00e9', 'windows-1251'), 'latin1'),
      undefined,
      [],
    ],
    [
      'its media type',
      Buffer.from(named('Jürgen', 'x').replace(/<\?.*\?>/, ''), 'latin1'),
      'iso-8859-1',
      [],
    ],
    ['US-ASCII, which it is not', Buffer.from(named('Jürgen', 'US-ASCII')), undefined, []],
    [
      'nothing, and no UTF-8',
      Buffer.from(named('Jürgen', 'UTF-8'), 'latin1'),
      undefined,
      ['charset'],
    ],
    ['EBCDIC-CP-XY', Buffer.from(named('Jürgen', 'EBCDIC-CP-XY')), undefined, ['charset']],
  ])('in what it declares: %s', (encoding, content, charset, faults) => {
    const read = readMetadata(content, charset);
    const name = encoding === 'windows-1251' ? 'Юрий' : 'Jürgen';
    expect(read.metadata?.participants[0]?.name).toBe(name);
    expect(read.faults).toEqual(faults);
  });
});

describe('an address', () => {
  test.each([
    ['sip:ann@x.example;user=phone', 'sip:ann@x.example', 'Ann'],
    ['ann@10.0.0.1:5060', 'sip:ann@10.0.0.1:5060', 'Ann'],
    ['&lt;sip:ann@x.example&gt;;tag=7', 'sip:ann@x.example', 'Ann'],
    ['&quot;Eve \\&quot;E\\&quot;&quot; &lt;sip:ann@x.example&gt;', 'sip:ann@x.example', 'Ann'],
    ['+31880000001', '+31880000001', 'Ann'],
    [`sip:${'x'.repeat(600)}@x.example`, undefined, 'Ann'],
  ])('%s', (written, aor, name) => {
    const { metadata } = read(good.replace(agent, written));
    expect(metadata.participants[0]).toMatchObject({ aor, name });
  });

  test('brings its display name when there is no other', () => {
    const text = good.replace(`${agent}"><name>Ann</name>`, '&quot;Eve&quot; &lt;sip:e@x&gt;">');
    expect(read(text).metadata.participants[0]).toMatchObject({ aor: 'sip:e@x', name: 'Eve' });
  });

  test('that is too long, and a name, is reported', () => {
    expect(read(good.replace('Ann', 'A'.repeat(300))).faults).toEqual(['tooLong']);
    expect(read(good.replace(agent, `sip:${'a'.repeat(600)}@x`)).faults).toEqual(['tooLong']);
  });
});
