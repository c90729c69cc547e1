import { expect, test } from 'vitest';
import { packed, packedRecord } from '../../fuzz/messagepack.ts';
import { Random } from '../../fuzz/random.ts';
import { createMessagePackCodec } from '../../src/protocols/signalr/codec/messagepack-codec.ts';
import { RecordReader } from '../../src/protocols/signalr/codec/record-reader.ts';

const codec = createMessagePackCodec(64);

test('the grammar writes MessagePack in many forms, and the hub reads each of them', () => {
  const random = new Random(1);
  const forms = new Set<string>();
  for (let round = 0; round < 200; round += 1) {
    const value = [1, {}, '7', 'Subscribe', ['ucc', 5], []];
    const bytes = packed(random, value);
    forms.add(bytes.toString('hex'));
    expect(codec.decode(bytes)).toMatchObject({ target: 'Subscribe', arguments: ['ucc', 5] });
  }
  expect(forms.size).toBeGreaterThan(20);
});

test('much of what it makes is a message of the hub protocol, and not all of it', () => {
  const random = new Random(2);
  const types = new Map<string, number>();
  for (let round = 0; round < 2_000; round += 1) {
    const reader = new RecordReader(1_048_576);
    reader.framing = 'lengthPrefix';
    let type = 'refused';
    try {
      reader.push(packedRecord(random, 'ucc'));
      const record = reader.next();
      type = record ? String(codec.decode(record)?.type) : 'incomplete';
    } catch {
      // As it should be.
    }
    types.set(type, (types.get(type) ?? 0) + 1);
  }
  for (const type of ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'refused']) {
    expect(types.get(type) ?? 0).toBeGreaterThan(10);
  }
});
