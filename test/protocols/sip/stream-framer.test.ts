import { describe, expect, it } from 'vitest';
import { type Frame, StreamFramer } from '../../../src/protocols/sip/message/stream-framer.ts';

const MAX_BYTES = 2000;
const ONE = 'OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 6\r\n\r\n\r\n\r\nab';
const TWO = 'SIP/2.0 200 OK\r\nX: 1\r\nl :\r\n 0\r\n\r\n';
/** Without Content-Length, and without a body. */
const THREE = 'OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n';
const STREAM = Buffer.from(`\r\n${ONE}\r\n\r\n${TWO}${THREE}${ONE}`);

function texts(frames: readonly Frame[]): string[] {
  return frames.map((frame) => (frame.kind === 'message' ? frame.data.toString() : frame.kind));
}

describe('StreamFramer', () => {
  it('finds the same messages wherever the stream is cut', () => {
    const expected = [ONE, 'keepAlive', TWO, THREE, ONE];
    for (let cut = 0; cut <= STREAM.length; cut += 1) {
      const framer = new StreamFramer(MAX_BYTES);
      const frames = [STREAM.subarray(0, cut), STREAM.subarray(cut)].flatMap((part) =>
        framer.push(part),
      );
      expect(texts(frames)).toEqual(expected);
    }
  });

  it('finds the same messages byte by byte, repeatedly', () => {
    const framer = new StreamFramer(MAX_BYTES);
    for (let round = 0; round < 50; round += 1) {
      const frames = [...STREAM].flatMap((byte) => framer.push(Buffer.from([byte])));
      expect(texts(frames)).toEqual([ONE, 'keepAlive', TWO, THREE, ONE]);
    }
  });

  it.each([
    ['a body of no length', 'A b SIP/2.0\r\nContent-Type: text/plain\r\n\r\nx', 'malformed'],
    ['one, compact and folded', 'A b SIP/2.0\r\nc:\r\n text/plain\r\n\r\nx', 'malformed'],
    ['an unreadable one', 'OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1x\r\n\r\n', 'malformed'],
    ['two that differ', 'A b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n', 'malformed'],
    ['a body too large', 'A b SIP/2.0\r\nContent-Length: 2000\r\n\r\n', 'tooLarge'],
    ['a head without end', 'x'.repeat(MAX_BYTES + 1), 'tooLarge'],
  ])('stops at %s and gives nothing more', (_name, text, reason) => {
    const framer = new StreamFramer(MAX_BYTES);
    expect(framer.push(Buffer.from(ONE + text))).toMatchObject([
      { kind: 'message' },
      { kind: 'violation', reason },
    ]);
    expect(framer.push(Buffer.from(ONE))).toEqual([]);
  });
});
