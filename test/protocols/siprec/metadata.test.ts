import { describe, expect, test } from 'vitest';
import { buildMetadata } from '../../../src/protocols/siprec/build-metadata.ts';
import { isMetadataType, readMetadata } from '../../../src/protocols/siprec/metadata.ts';
import {
  participantForLabel,
  participantsForLabel,
} from '../../../src/protocols/siprec/stream-participants.ts';
import type { RecordingMetadata } from '../../../src/protocols/siprec/types.ts';
import {
  MAX_METADATA_BYTES,
  MAX_METADATA_DEPTH,
  MAX_METADATA_ELEMENTS,
  MAX_METADATA_PARTICIPANTS,
} from '../../../src/protocols/siprec/xml-tree.ts';

const rfc = `<?xml version="1.0" encoding="UTF-8"?>
<recording xmlns='urn:ietf:params:xml:ns:recording:1'>
  <datamode>complete</datamode>
  <session session_id="hVpd7YQgRW2nD22h7q60JQ=="><start-time>2026-01-02T03:04:05Z</start-time></session>
  <participant participant_id="srfBElmCRp2QB23b7Mpk0w==">
    <nameID aor="sip:0012@example.com"><name xml:lang="it">Bob &amp; <![CDATA[<Co>]]></name></nameID>
    <vendor:extra xmlns:vendor="urn:example:x"><label>9</label></vendor:extra>
  </participant>
  <participant participant_id="zSfPoSvdSDCmU3A3TRDxAw==">
    <nameID aor="tel:+4912345"/>
  </participant>
  <stream stream_id="UAAMm5GRQKSCMVvLyl4rFw==" session_id="hVpd7YQgRW2nD22h7q60JQ==">
    <label>007</label>
  </stream>
  <stream stream_id="8zc6e0lYTlWIINA6GR+3ag==" session_id="hVpd7YQgRW2nD22h7q60JQ==">
    <label>1</label>
  </stream>
  <participantstreamassoc participant_id="srfBElmCRp2QB23b7Mpk0w==">
    <send>UAAMm5GRQKSCMVvLyl4rFw==</send><recv>8zc6e0lYTlWIINA6GR+3ag==</recv>
  </participantstreamassoc>
  <participantstreamassoc participant_id="zSfPoSvdSDCmU3A3TRDxAw==">
    <send>8zc6e0lYTlWIINA6GR+3ag==</send><recv>UAAMm5GRQKSCMVvLyl4rFw==</recv>
  </participantstreamassoc>
</recording>`;

const draft = `<rs:recording xmlns:rs="urn:ietf:params:xml:ns:recording">
  <rs:dataMode>partial</rs:dataMode>
  <rs:session id="s-1"/>
  <rs:participant id="p-1" session="s-1">
    <rs:nameID aor="2000@192.0.2.1"><rs:name></rs:name></rs:nameID>
    <rs:send>m-1</rs:send><rs:recv>m-2</rs:recv>
  </rs:participant>
  <rs:stream id="m-1" session="s-1"><rs:label>01</rs:label></rs:stream>
</rs:recording>`;

const oldest = `<?xml version="1.0"?><recording_metadata xmlns="urn:ietf:params:xml:ns:siprec">
  <dataMode>complete</dataMode><recording id="urn:uuid:r"><type>selective</type></recording>
  <session><id>urn:uuid:a9b6b3a4-3f0f-4c2c-9a75-000000000001</id></session>
  <participant><id>p-1</id><aor>sip:2001@example.com</aor><send><id>m-1</id></send></participant>
  <participant><id>p-2</id><aor>sip:+3188@example.com;user=phone</aor><send><id>m-1</id></send></participant>
  <stream><id>m-1</id><session>urn:uuid:a9b6b3a4-3f0f-4c2c-9a75-000000000001</session>
    <label>1</label><mode>mixed</mode></stream>
</recording_metadata>\0`;

function whole(text: string): RecordingMetadata {
  const { metadata, faults } = readMetadata(Buffer.from(text));
  expect(faults).toEqual([]);
  if (!metadata) throw new Error('nothing was read');
  return metadata;
}

test('metadata of RFC 7865 is read, values unconverted, extensions ignored', () => {
  const metadata = whole(rfc);
  expect(metadata).toMatchObject({
    dataMode: 'complete',
    communicationSessionIds: ['hVpd7YQgRW2nD22h7q60JQ=='],
    participants: [
      { id: 'srfBElmCRp2QB23b7Mpk0w==', aor: 'sip:0012@example.com', name: 'Bob & <Co>' },
      { id: 'zSfPoSvdSDCmU3A3TRDxAw==', aor: 'tel:+4912345', name: undefined },
    ],
    streams: [
      { id: 'UAAMm5GRQKSCMVvLyl4rFw==', label: '007', mode: 'separate' },
      { id: '8zc6e0lYTlWIINA6GR+3ag==', label: '1', mode: 'separate' },
    ],
  });
  expect(participantForLabel(metadata, '007')?.aor).toBe('sip:0012@example.com');
  expect(participantForLabel(metadata, '1')?.aor).toBe('tel:+4912345');
  expect(participantForLabel(metadata, '7')).toBeUndefined();
});

test('metadata of a draft is read: prefixed, plain ids, send and recv in the participant', () => {
  const metadata = whole(draft);
  expect(metadata).toEqual({
    dataMode: 'partial',
    communicationSessionIds: ['s-1'],
    participants: [{ id: 'p-1', aor: 'sip:2000@192.0.2.1', name: undefined }],
    streams: [{ id: 'm-1', label: '01', communicationSessionId: 's-1', mode: 'separate' }],
    associations: [{ participantId: 'p-1', sendStreamIds: ['m-1'], receiveStreamIds: ['m-2'] }],
  });
  expect(participantForLabel(metadata, '01')?.id).toBe('p-1');
});

test('metadata of the oldest draft is read: ids in children, one mixed stream', () => {
  const metadata = whole(oldest);
  const session = 'urn:uuid:a9b6b3a4-3f0f-4c2c-9a75-000000000001';
  expect(metadata.communicationSessionIds).toEqual([session]);
  expect(metadata.streams).toEqual([
    { id: 'm-1', label: '1', communicationSessionId: session, mode: 'mixed' },
  ]);
  expect(participantForLabel(metadata, '1')).toBeUndefined();
  expect(participantsForLabel(metadata, '1').map((one) => one.aor)).toEqual([
    'sip:2001@example.com',
    'sip:+3188@example.com',
  ]);
});

test('no sender is guessed without associations', () => {
  const bare = rfc.replace(/<participantstreamassoc[\s\S]*<\/participantstreamassoc>/, '');
  expect(participantForLabel(whole(bare), '1')).toBeUndefined();
});

describe('faulty metadata is reported with its reason', () => {
  const root = '<recording xmlns="urn:ietf:params:xml:ns:recording:1">';
  test.each([
    ['doctype', `<!DOCTYPE recording>${root}</recording>`, ['doctype']],
    ['undeclared entity', `${root}&b;</recording>`, ['malformed']],
    ['empty', '', ['malformed']],
    ['no XML', 'v=0', ['malformed']],
    ['unbound prefix', '<rs:recording/>', ['namespace']],
    ['foreign namespace', '<recording xmlns="urn:example:x"/>', ['namespace']],
    ['no namespace', '<recording/>', ['namespace']],
    ['foreign root', '<stream xmlns="urn:ietf:params:xml:ns:recording:1"/>', ['root']],
    ['deep', `${root}${'<a>'.repeat(MAX_METADATA_DEPTH)}`, ['tooDeep']],
    ['wide', `${root}${'<a/>'.repeat(MAX_METADATA_ELEMENTS)}`, ['tooManyElements']],
    ['large', `${root}${' '.repeat(MAX_METADATA_BYTES)}`, ['tooLarge']],
  ])('%s', (_name, text, faults) => {
    expect(readMetadata(Buffer.from(text))).toEqual({ metadata: undefined, faults });
  });
});

test('names lose control and bidirectional characters where they are read', () => {
  const hidden = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c';
  const xml = (text: string) => `<recording xmlns="urn:ietf:params:xml:ns:recording:1">${text}`;
  const participant = `<participant participant_id="p${hidden}1"><nameID aor="sip:a${hidden}b@c">
    <name>Ali${hidden}ce&#x9;Sm\u0085ith</name></nameID></participant>`;
  const stream = `<stream stream_id="s"><label>1${hidden}</label></stream>`;
  const foreign = `<x:extensiondata xmlns:x="urn:x"><x:callid>7${hidden}8</x:callid></x:extensiondata>`;
  const text = xml(`${participant}${stream}${foreign}`);
  for (const document of [`${text}</recording>`, text]) {
    const { metadata } = readMetadata(Buffer.from(document));
    expect(metadata?.participants).toEqual([{ id: 'p1', aor: 'sip:ab@c', name: 'Alice Smith' }]);
    expect(metadata?.streams[0]?.label).toBe('1');
    expect(metadata?.extensions).toEqual([{ path: 'extensiondata/callid', text: '78' }]);
  }
});

test('the first of too many participants are read, and the fault reported', () => {
  const people = Array.from(
    { length: MAX_METADATA_PARTICIPANTS + 1 },
    (_, id) => `<participant participant_id="${id}"/>`,
  );
  const xml = `<recording xmlns="urn:ietf:params:xml:ns:recording:1">${people.join('')}</recording>`;
  const { metadata, faults } = readMetadata(Buffer.from(xml));
  expect(metadata?.participants).toHaveLength(MAX_METADATA_PARTICIPANTS);
  expect(faults).toEqual(['tooManyElements']);
});

test('built metadata is read back, escaped and labelled', () => {
  const participants = [
    { aor: 'sip:agent@example.com', name: `A & "B" <c> 'd'\u0007`, label: '007' },
    { aor: 'tel:+4912345', label: '1' },
  ];
  const built = buildMetadata({ communicationSessionId: 'x<y&z', participants });
  const metadata = whole(built);
  expect(metadata.dataMode).toBe('complete');
  expect(metadata.communicationSessionIds).toEqual(['x<y&z']);
  expect(participantForLabel(metadata, '007')).toMatchObject({
    aor: 'sip:agent@example.com',
    name: `A & "B" <c> 'd'`,
  });
  expect(participantForLabel(metadata, '1')).toMatchObject({ aor: 'tel:+4912345' });
  const [first, second] = metadata.associations;
  expect(first?.receiveStreamIds).toEqual(second?.sendStreamIds);
});

test('both media types of the metadata are known', () => {
  expect(isMetadataType('application/rs-metadata')).toBe(true);
  expect(isMetadataType('application/rs-metadata+xml')).toBe(true);
  expect(isMetadataType('application/sdp')).toBe(false);
});
