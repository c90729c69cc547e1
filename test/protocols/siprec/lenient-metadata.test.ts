import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../../src/protocols/siprec/metadata.ts';
import { MAX_METADATA_BYTES } from '../../../src/protocols/siprec/xml-tree.ts';
import { seededRandom } from '../../../src/torture/random.ts';
import { agent, caller, good, read, senders, session } from './sample-metadata.ts';

function broken(from: string | RegExp, to: string): string {
  const text = good.replace(from, to);
  expect(text).not.toBe(good);
  return text;
}

describe('everything is read of metadata', () => {
  test.each([
    [
      'with an undeclared prefix',
      broken('<v:callid>', '<ac:ucid>FA</ac:ucid><v:callid>'),
      'namespace',
    ],
    [
      'with a namespace of its own under an undeclared prefix',
      broken('</session>', '<ac:x xmlns="urn:v">1</ac:x></session>'),
      'namespace',
    ],
    ['without a namespace', broken(/ xmlns="[^"]*"/, ''), 'namespace'],
    ['of an unknown namespace', broken('recording:1', 'recording:2'), 'namespace'],
    [
      'under a prefix that is declared nowhere',
      good
        .replace(/(<\/?)(?=[a-z]+[ >]|[a-z]+Time|nameID)/gi, '$1rs:')
        .replace('xmlns=', 'xmlns:q='),
      'namespace',
    ],
    [
      'of another root',
      good.replaceAll('recording', 'recordingData').replace('ns:recordingData', 'ns:recording'),
      'root',
    ],
    [
      'with a DOCTYPE',
      broken('?>', '?><!DOCTYPE recording SYSTEM "http://x.example/r.dtd">'),
      'doctype',
    ],
    [
      'with entities of its own',
      broken('?>', '?><!DOCTYPE r [<!ENTITY a "<participant/>"><!ENTITY b "&a;&a;">]>'),
      'doctype',
    ],
    ['with an ampersand', broken('0042', 'Smith & Sons'), 'malformed'],
    ['with an unknown entity', broken('0042', '&nbsp;&copy;&b;'), 'malformed'],
    ['with a control character', broken('0042', '00\u000142'), 'malformed'],
    [
      'with an attribute without quotes',
      broken('<v:callid>', '<v:header label=Diversion><v:callid>'),
      'malformed',
    ],
    [
      'with an id without quotes',
      broken('participant_id="cDE="', 'participant_id=cDE='),
      'malformed',
    ],
    [
      'with a quote that is left open',
      broken('participant_id="cDE="><n', 'participant_id="cDE=><n'),
      'malformed',
    ],
    ['with one left open before another attribute', broken(`"czE=" s`, `"czE= s`), 'malformed'],
    [
      'with one attribute twice',
      broken('<nameID aor', '<nameID aor="sip:x@y.example"'.replace(/aor.*/, 'x="1" x="2" aor')),
      'malformed',
    ],
    [
      'with a tag that is left open',
      broken('<v:callid>0042</v:callid>', '<v:callid>0042'),
      'malformed',
    ],
    [
      'with a participant that is left open',
      broken('</name></nameID></participant>', '</name>'),
      'malformed',
    ],
    [
      'with end tags in the wrong order',
      broken('</nameID></participant>', '</participant></nameID>'),
      'malformed',
    ],
    ['with an end tag of nothing', broken('</session>', '</group></session>'), 'malformed'],
    ['with a comment that is left open', broken('<datamode>', '<!-- x ><datamode>'), 'malformed'],
    [
      'with two dashes in a comment',
      broken('<datamode>', '<!-- a -- b --><datamode>'),
      'malformed',
    ],
    ['behind some text', `XML: ${good}`, 'malformed'],
    ['before some text', `${good}\r\n--boundary`, 'malformed'],
    ['twice in one document', `${good}${good}`, 'malformed'],
    ['whose end is missing', broken('</recording>', ''), 'malformed'],
  ])('%s', (_name, text, fault) => {
    const { metadata, faults } = read(text);
    expect(senders(metadata)).toEqual([agent, caller]);
    expect(metadata.communicationSessionIds).toEqual([session]);
    expect(faults).toEqual([fault]);
    // It shall take nothing away from what is known.
    expect(metadata.dataMode).toBe('partial');
  });
});

test('metadata cut off anywhere leaves no partial value', () => {
  for (let length = 0; length < good.length; length += 1) {
    const { metadata, faults } = readMetadata(Buffer.from(good.slice(0, length)));
    expect(faults).toContain('malformed');
    for (const aor of (metadata?.participants ?? []).map((one) => one.aor)) {
      expect([agent, caller, undefined]).toContain(aor);
    }
    for (const { label } of metadata?.streams ?? []) expect(['1', '2', undefined]).toContain(label);
    for (const id of metadata?.communicationSessionIds ?? []) expect(id).toBe(session);
    for (const { name } of metadata?.participants ?? []) expect(['Ann', undefined]).toContain(name);
  }
});

test('an entity that would grow is never expanded', () => {
  const declarations = Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY lol${n + 1} "${`&lol${n};`.repeat(10)}">`,
  );
  const bomb = `<!DOCTYPE recording [<!ENTITY lol0 "lol">${declarations.join('')}]>`;
  const begun = performance.now();
  const { metadata } = read(good.replace('?>', `?>${bomb}`).replace('Ann', '&lol9;'));
  expect(performance.now() - begun).toBeLessThan(500);
  expect(metadata.participants[0]?.name).toBe('&lol9;');
});

test('enormous metadata is read as far as the bound, and quickly', () => {
  const huge = good.replace('</recording>', `<x>${'y'.repeat(MAX_METADATA_BYTES)}</x></recording>`);
  const { metadata, faults } = read(huge);
  expect(senders(metadata)).toEqual([agent, caller]);
  expect(faults).toEqual(['tooLarge']);
  const pieces = ['<', '<a', '<a b="', '<!--', '<![CDATA[', '<?', '<!DOCTYPE', '&', ' ', '>', '</'];
  const more = [
    '<a b=',
    '<a >',
    '"',
    '<participant aor="',
    '<a b="> <',
    '<!DOCTYPE[',
    '=',
    '\u00e9',
  ];
  for (const piece of [...pieces, ...more]) {
    const begun = performance.now();
    readMetadata(Buffer.from(`<recording>${piece.repeat(MAX_METADATA_BYTES / piece.length)}`));
    expect([piece, performance.now() - begun < 1_500]).toEqual([piece, true]);
  }
});

test('metadata changed anywhere is read without an error', () => {
  const random = seededRandom(7);
  const pieces = [
    '<',
    '>',
    '"',
    "'",
    '&',
    '/',
    '=',
    '!',
    '--',
    ']]>',
    '<![CDATA[',
    '\0',
    'é',
    '\ud800',
  ];
  for (let round = 0; round < 3_000; round += 1) {
    let text = good;
    for (let change = 0; change < 1 + random() * 4; change += 1) {
      const at = Math.floor(random() * text.length);
      const piece = pieces[Math.floor(random() * pieces.length)] ?? '';
      text = text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 4));
    }
    const { metadata } = readMetadata(Buffer.from(text));
    for (const { aor, name } of metadata?.participants ?? []) {
      expect(`${aor}${name}`).not.toMatch(/\0/);
    }
  }
});
