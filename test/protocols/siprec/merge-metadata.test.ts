import { describe, expect, it } from 'vitest';
import { mergeMetadata } from '../../../src/protocols/siprec/merge-metadata.ts';
import { readMetadata } from '../../../src/protocols/siprec/metadata.ts';
import { isMixed, participantForLabel } from '../../../src/protocols/siprec/stream-participants.ts';
import { MetadataError, type RecordingMetadata } from '../../../src/protocols/siprec/types.ts';

function metadata(mode: 'complete' | 'partial', content: string) {
  const xml = `<recording xmlns="urn:ietf:params:xml:ns:recording:1"><datamode>${mode}</datamode>`;
  return readMetadata(Buffer.from(`${xml}${content}</recording>`)).metadata as RecordingMetadata;
}

const sends = (participant: string, stream: string) =>
  `<participantstreamassoc participant_id="${participant}"><send>${stream}</send></participantstreamassoc>`;
const stream = (id: string, label: string) =>
  `<stream stream_id="${id}"><label>${label}</label></stream>`;
const person = (id: string, aor: string) =>
  `<participant participant_id="${id}"><nameID aor="${aor}"/></participant>`;

describe('metadata that changes', () => {
  const known = metadata('complete', `${stream('s1', '1')}${stream('s2', '2')}`);

  it('adds the sender of a stream, and keeps the rest', () => {
    const update = metadata(
      'partial',
      `${person('p1', 'sip:anna@example.com')}${sends('p1', 's1')}`,
    );
    const merged = mergeMetadata(known, update);
    expect(merged && participantForLabel(merged, '1')?.aor).toBe('sip:anna@example.com');
    expect(merged?.streams).toEqual(known.streams);
    expect(known.participants).toEqual([]);
  });

  it('renames a label, and keeps a label that is not repeated', () => {
    const update = metadata('partial', `${stream('s1', '007')}<stream stream_id="s2"/>`);
    const labels = mergeMetadata(known, update)?.streams.map(({ label }) => label);
    expect(labels).toEqual(['007', '2']);
  });

  it('is replaced by complete metadata, and begun by partial', () => {
    const complete = metadata('complete', stream('s3', '3'));
    expect(mergeMetadata(known, complete)).toEqual(complete);
    const partial = metadata('partial', stream('s3', '3'));
    expect(mergeMetadata(undefined, partial)).toEqual(partial);
    expect(mergeMetadata(known, undefined)).toEqual(known);
  });

  it('stays within the limits of one document', () => {
    const many = (prefix: string) =>
      Array.from({ length: 2_500 }, (_, at) => `<session session_id="${prefix}${at}"/>`).join('');
    const first = metadata('complete', many('a'));
    expect(() => mergeMetadata(first, metadata('partial', many('b')))).toThrow(MetadataError);
  });

  it('takes a lone stream with two senders for a mixed one', () => {
    const people = `${person('p1', 'sip:a@x.example')}${person('p2', 'sip:b@x.example')}`;
    const mixed = metadata(
      'complete',
      `${stream('s', '1')}${people}${sends('p1', 's')}${sends('p2', 's')}`,
    );
    expect(isMixed(mixed, '1')).toBe(true);
    expect(participantForLabel(mixed, '1')).toBeUndefined();
    expect(isMixed(known, '1')).toBe(false);
  });
});
