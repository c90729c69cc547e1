import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KEY_BYTES, unwrapKey, wrapKey } from '../../../src/protocols/segment/key-wrap.ts';
import {
  type ChunkHeader,
  identityBytes,
  openChunk,
  parseChunkHeader,
  sealChunk,
  segmentFile,
} from '../../../src/protocols/segment/sealed-chunk.ts';
import { markerFrame, markerNeedle } from '../../../src/simulator/marker-audio.ts';

const key = randomBytes(KEY_BYTES);
const identity = identityBytes({ callId: 'a', track: 1, segment: 2 });
const audio = Buffer.concat([markerFrame(1, 1), markerFrame(1, 2), markerFrame(1, 4)]);
const header: ChunkHeader = {
  number: 3,
  position: -(2 ** 40),
  codec: 'PCMA',
  runs: [
    { kind: 'audio', offset: 0, samples: 320, bytes: 320 },
    { kind: 'dtmf', offset: 320, samples: 800, bytes: 0 },
    { kind: 'audio', offset: -160, samples: 160, bytes: 160 },
  ],
};

function open(record: Buffer, seal = { key, identity }): Buffer | undefined {
  const place = parseChunkHeader(record, 0, record.length);
  return place && openChunk(record.subarray(0, place.end), place, seal);
}

describe('sealed chunk', () => {
  const record = sealChunk({ key, identity, header }, audio);

  it('comes back as it was sealed', () => {
    expect(parseChunkHeader(record, 0, record.length)).toEqual({
      ...{ header, start: 0, end: record.length },
    });
    expect(open(record)).toEqual(audio);
  });

  it('reveals nothing of the audio', () => {
    expect(record.includes(markerNeedle(1, 1))).toBe(false);
    expect(record.includes(audio.subarray(0, 8))).toBe(false);
  });

  it('opens with no other key and under no other identity', () => {
    expect(() => open(record, { key: randomBytes(KEY_BYTES), identity })).toThrow();
    const others = [
      { callId: 'b', track: 1, segment: 2 },
      { callId: 'a', track: 0, segment: 2 },
      { callId: 'a', track: 1, segment: 3 },
      { callId: 'a', track: 12, segment: 2 },
    ];
    for (const other of others) {
      expect(() => open(record, { key, identity: identityBytes(other) })).toThrow();
    }
  });

  it('is refused with any one bit changed', () => {
    for (let bit = 0; bit < record.length * 8; bit += 1) {
      const changed = Buffer.from(record);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      let opened: Buffer | undefined;
      try {
        opened = open(changed);
      } catch {
        opened = undefined;
      }
      expect(opened, `bit ${bit}`).toBeUndefined();
    }
  });

  it('is not read when it was cut short anywhere', () => {
    for (let length = 0; length < record.length; length += 1) {
      expect(parseChunkHeader(record.subarray(0, length), 0, length)).toBeUndefined();
    }
  });

  it('is found after another one, and a torn one is not', () => {
    const second = sealChunk({ key, identity, header: { ...header, number: 4 } }, audio);
    const file = Buffer.concat([record, second.subarray(0, second.length - 1)]);
    const place = parseChunkHeader(file, 0, file.length);
    expect(place?.end).toBe(record.length);
    const behind = file.subarray(record.length);
    expect(parseChunkHeader(behind, record.length, file.length)).toBeUndefined();
    expect(parseChunkHeader(behind, record.length, file.length + 1)?.header.number).toBe(4);
  });

  it('is not found in empty files and other files', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(5000), randomBytes(5000)]) {
      expect(parseChunkHeader(bytes, 0, bytes.length)).toBeUndefined();
    }
  });
});

describe('key of a segment', () => {
  const masterKey = randomBytes(KEY_BYTES);
  const wrapped = wrapKey(masterKey, key, identity);

  it('comes back under the master key, and is not stored in the clear', () => {
    expect(unwrapKey(masterKey, wrapped, identity)).toEqual(key);
    expect(wrapped.includes(key.subarray(0, 8))).toBe(false);
    expect(wrapKey(masterKey, key, identity)).not.toEqual(wrapped);
  });

  it('is refused under another master key or identity, or with a changed bit', () => {
    expect(() => unwrapKey(randomBytes(KEY_BYTES), wrapped, identity)).toThrow();
    const other = identityBytes({ callId: 'a', track: 1, segment: 3 });
    expect(() => unwrapKey(masterKey, wrapped, other)).toThrow();
    for (let byte = 0; byte < wrapped.length; byte += 1) {
      const changed = Buffer.from(wrapped);
      changed[byte] = (changed[byte] as number) ^ 1;
      expect(() => unwrapKey(masterKey, changed, identity)).toThrow();
    }
    expect(() => unwrapKey(masterKey, wrapped.subarray(0, 20), identity)).toThrow();
  });
});

it('segmentFile names one file per segment', () => {
  expect(segmentFile({ callId: 'a', track: 1, segment: 12 })).toBe('a/1-12.seg');
});
