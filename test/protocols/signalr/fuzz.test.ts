import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Codec } from '../../../src/protocols/signalr/codec/codec.ts';
import { ProtocolError } from '../../../src/protocols/signalr/codec/errors.ts';
import { jsonCodec } from '../../../src/protocols/signalr/codec/json-codec.ts';
import { createMessagePackCodec } from '../../../src/protocols/signalr/codec/messagepack-codec.ts';
import { MessageType } from '../../../src/protocols/signalr/codec/messages.ts';
import { RecordReader } from '../../../src/protocols/signalr/codec/record-reader.ts';

const messagePackCodec = createMessagePackCodec(64);
const CODECS = [jsonCodec, messagePackCodec];

/** What both encodings can say: no -0, and no key that the decoder refuses. */
const payload = fc
  .jsonValue({ maxDepth: 8 })
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes('__proto__'));

function readAll(codec: Codec, chunks: readonly Buffer[]): unknown[] {
  const reader = new RecordReader(1_000_000);
  reader.framing = codec.framing;
  const messages: unknown[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      messages.push(codec.decode(next));
    }
  }
  return messages;
}

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(offset, offset + size));
    offset += size;
  }
  return [...chunks, bytes.subarray(offset)];
}

it.each(CODECS)('any payload survives $name, however it is cut', (codec) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(fc.array(payload), sizes, (items, chunkSizes) => {
      const messages = items.map((item) => ({
        type: MessageType.streamItem,
        invocationId: '1',
        item,
      }));
      const bytes = Buffer.concat(messages.map((message) => codec.encode(message)));
      expect(readAll(codec, cut(bytes, chunkSizes))).toEqual(messages);
    }),
  );
});

it.each(CODECS)('any bytes are a message or a ProtocolError to $name', (codec) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        codec.decode(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});

it('a MessagePack message with one byte changed is a message or a ProtocolError', () => {
  const at = fc.tuple(payload, fc.nat(), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(at, ([item, position, byte]) => {
      const record = messagePackCodec.encode({
        type: MessageType.invocation,
        target: 'method',
        arguments: [item],
        streamIds: [],
      });
      record[position % record.length] = byte;
      try {
        readAll(messagePackCodec, [record]);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});
