import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../src/protocols/signalr/codec/errors.ts';
import { jsonCodec } from '../../../src/protocols/signalr/codec/json-codec.ts';
import { createMessagePackCodec } from '../../../src/protocols/signalr/codec/messagepack-codec.ts';
import { type HubMessage, MessageType } from '../../../src/protocols/signalr/codec/messages.ts';
import { RecordReader } from '../../../src/protocols/signalr/codec/record-reader.ts';

/** Tables of the hub protocol specification: the message, its JSON, its MessagePack body. */

const messagePackCodec = createMessagePackCodec(64);

interface Example {
  readonly name: string;
  readonly message: HubMessage;
  readonly json: string;
  readonly hex: string;
}

const call = { target: 'method', arguments: [42], streamIds: [] } as const;
const xyz = { invocationId: 'xyz' } as const;

const EXAMPLES: readonly Example[] = [
  {
    name: 'Invocation',
    message: { type: MessageType.invocation, ...xyz, ...call },
    json: '{"type":1,"invocationId":"xyz","target":"method","arguments":[42]}',
    hex: '960180a378797aa66d6574686f64912a90',
  },
  {
    name: 'non-blocking Invocation',
    message: { type: MessageType.invocation, ...call },
    json: '{"type":1,"target":"method","arguments":[42]}',
    hex: '960180c0a66d6574686f64912a90',
  },
  {
    name: 'Invocation with streams',
    message: { type: MessageType.invocation, ...xyz, ...call, streamIds: ['1'] },
    json: '{"type":1,"invocationId":"xyz","target":"method","arguments":[42],"streamIds":["1"]}',
    hex: '960180a378797aa66d6574686f64912a91a131',
  },
  {
    name: 'StreamInvocation',
    message: { type: MessageType.streamInvocation, ...xyz, ...call },
    json: '{"type":4,"invocationId":"xyz","target":"method","arguments":[42]}',
    hex: '960480a378797aa66d6574686f64912a90',
  },
  {
    name: 'StreamItem',
    message: { type: MessageType.streamItem, ...xyz, item: 42 },
    json: '{"type":2,"invocationId":"xyz","item":42}',
    hex: '940280a378797a2a',
  },
  {
    name: 'Completion with error',
    message: {
      type: MessageType.completion,
      ...xyz,
      outcome: { kind: 'error', error: 'Error' },
    },
    json: '{"type":3,"invocationId":"xyz","error":"Error"}',
    hex: '950380a378797a01a54572726f72',
  },
  {
    name: 'Completion of a void method',
    message: { type: MessageType.completion, ...xyz, outcome: { kind: 'void' } },
    json: '{"type":3,"invocationId":"xyz"}',
    hex: '940380a378797a02',
  },
  {
    name: 'Completion with result',
    message: { type: MessageType.completion, ...xyz, outcome: { kind: 'result', result: 42 } },
    json: '{"type":3,"invocationId":"xyz","result":42}',
    hex: '950380a378797a032a',
  },
  {
    name: 'Completion with a null result',
    message: { type: MessageType.completion, ...xyz, outcome: { kind: 'result', result: null } },
    json: '{"type":3,"invocationId":"xyz","result":null}',
    hex: '950380a378797a03c0',
  },
  {
    name: 'CancelInvocation',
    message: { type: MessageType.cancelInvocation, ...xyz },
    json: '{"type":5,"invocationId":"xyz"}',
    hex: '930580a378797a',
  },
  { name: 'Ping', message: { type: MessageType.ping }, json: '{"type":6}', hex: '9106' },
  {
    name: 'Ack',
    message: { type: MessageType.acknowledgement, sequenceId: 36 },
    json: '{"type":8,"sequenceId":36}',
    hex: '920824',
  },
  {
    name: 'Sequence',
    message: { type: MessageType.sequence, sequenceId: 1234 },
    json: '{"type":9,"sequenceId":1234}',
    hex: '9209cd04d2',
  },
];

function bodyOf(record: Buffer): string {
  return record.subarray(1).toString('hex');
}

describe.each(EXAMPLES)('$name', ({ message, json, hex }) => {
  it('is written as in the specification', () => {
    expect(jsonCodec.encode(message).toString()).toBe(`${json}\x1e`);
    const record = messagePackCodec.encode(message);
    expect(record[0]).toBe(record.length - 1);
    expect(bodyOf(record)).toBe(hex);
  });

  it('is read as in the specification', () => {
    expect(jsonCodec.decode(Buffer.from(json))).toEqual(message);
    expect(messagePackCodec.decode(Buffer.from(hex, 'hex'))).toEqual(message);
  });
});

describe('Close', () => {
  const message = { type: MessageType.close, error: 'xyz', allowReconnect: true } as const;

  it('carries its error and the advice to reconnect', () => {
    const json = '{"type":7,"error":"xyz","allowReconnect":true}\x1e';
    expect(jsonCodec.encode(message).toString()).toBe(json);
    expect(bodyOf(messagePackCodec.encode(message))).toBe('9307a378797ac3');
    expect(bodyOf(messagePackCodec.encode({ type: MessageType.close }))).toBe('9307c0c2');
  });

  it('is read with and without its later elements', () => {
    expect(messagePackCodec.decode(Buffer.from('9207a378797a', 'hex'))).toMatchObject({ type: 7 });
    expect(messagePackCodec.decode(Buffer.from('9107', 'hex'))).toEqual({ type: 7 });
    expect(jsonCodec.decode(Buffer.from('{"type":7}'))).toEqual({ type: 7 });
  });
});

it('reads messages with headers, and of clients that know no streams', () => {
  const headers = '960182a178a179a17aa17aa378797aa66d6574686f64912a90';
  const fiveElements = '950180a378797aa66d6574686f64912a';
  const expected = { type: MessageType.invocation, ...xyz, ...call };
  expect(messagePackCodec.decode(Buffer.from(headers, 'hex'))).toEqual(expected);
  expect(messagePackCodec.decode(Buffer.from(fiveElements, 'hex'))).toEqual(expected);
  const json = '{"headers":{"Foo":"Bar"},"type":1,"target":"t","arguments":[],"invocationId":null}';
  expect(jsonCodec.decode(Buffer.from(json))).toMatchObject({ target: 't', arguments: [] });
});

it('ignores message types of later versions', () => {
  expect(jsonCodec.decode(Buffer.from('{"type":99,"anything":[]}'))).toBeUndefined();
  expect(messagePackCodec.decode(Buffer.from('926390', 'hex'))).toBeUndefined();
});

describe('an invalid message', () => {
  const invalidJson = [
    'not json',
    '[]',
    'null',
    '{}',
    '{"type":"1"}',
    '{"type":1,"arguments":[]}',
    '{"type":1,"target":"t"}',
    '{"type":1,"target":"t","arguments":{}}',
    '{"type":1,"target":"t","arguments":[],"streamIds":[1]}',
    '{"type":1,"invocationId":1,"target":"t","arguments":[]}',
    '{"type":4,"target":"t","arguments":[]}',
    '{"type":2,"item":1}',
    '{"type":3,"invocationId":"1","error":"e","result":1}',
    '{"type":5}',
    '{"type":8,"sequenceId":-1}',
    '{"type":9,"sequenceId":1.5}',
  ];

  it.each(invalidJson)('%s', (json) => {
    expect(() => jsonCodec.decode(Buffer.from(json))).toThrow(ProtocolError);
  });

  const invalidMessagePack = [
    ['an empty record', ''],
    ['a number', '01'],
    ['a map', '80'],
    ['no type', '90'],
    ['the reserved byte', '91c1'],
    ['a truncated string', '960180a378'],
    ['two values', '91069106'],
    ['an array of 4,294,967,295', 'ddffffffff'],
    ['a map of 4,294,967,295', '9101dfffffffff'],
    ['a string of 4,294,967,295', '91dbffffffff'],
    ['an extension of 4,294,967,295', '91c9ffffffff01'],
    ['a truncated length', '91dd0000'],
    ['deep nesting', `${'91'.repeat(100)}06`],
    ['deep nesting without end', '91'.repeat(32_000)],
    ['a prototype as key', '960180c0a1749181a95f5f70726f746f5f5f0190'],
    ['an unknown result kind', '940380a13109'],
  ] as const;

  it.each(invalidMessagePack)('%s in MessagePack', (_name, hex) => {
    expect(() => messagePackCodec.decode(Buffer.from(hex, 'hex'))).toThrow(ProtocolError);
  });
});

describe('records', () => {
  function readAll(reader: RecordReader, chunks: Iterable<Buffer>): string[] {
    const records: string[] = [];
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let next = reader.next(); next !== undefined; next = reader.next()) {
        records.push(next.toString());
      }
    }
    return records;
  }

  const bytewise = (bytes: Buffer) => Array.from(bytes, (byte) => Buffer.of(byte));

  it('are found however the transport cuts them', () => {
    const separated = Buffer.from('one\x1etwo\x1e\x1ethr');
    expect(readAll(new RecordReader(10), [separated])).toEqual(['one', 'two', '']);
    expect(readAll(new RecordReader(10), bytewise(separated))).toEqual(['one', 'two', '']);
    const prefixed = new RecordReader(20_000);
    prefixed.framing = 'lengthPrefix';
    const long = Buffer.concat([
      Buffer.of(0x80, 0x29),
      Buffer.alloc(0x1480, 'x'),
      Buffer.of(1, 97),
    ]);
    expect(readAll(prefixed, [long])).toEqual(['x'.repeat(0x1480), 'a']);
  });

  it('that are too long are refused before they have arrived in full', () => {
    const separated = new RecordReader(10);
    separated.push(Buffer.from('01234567890'));
    expect(() => separated.next()).toThrow(ProtocolError);
    const prefixed = new RecordReader(10);
    prefixed.framing = 'lengthPrefix';
    prefixed.push(Buffer.of(11));
    expect(() => prefixed.next()).toThrow(ProtocolError);
    prefixed.clear();
    prefixed.push(Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff));
    expect(() => prefixed.next()).toThrow(ProtocolError);
  });
});
