import { ProtocolError } from './errors.ts';

/**
 * Walks one MessagePack value without decoding it, so that the decoder may trust its input: every
 * declared length fits into the bytes that are really there (an array of four thousand million
 * elements takes five bytes to declare, and the decoder would allocate it), nesting is bounded, and
 * the value fills the record exactly. Throws ProtocolError.
 */
export function checkMessagePack(record: Buffer, maxNestingDepth: number): void {
  const open: number[] = [];
  let left = 1;
  let offset = 0;
  while (left > 0) {
    const item = readHeader(record, offset);
    offset += item.size;
    left--;
    // Each element takes a byte at least: a count above the bytes left is rejected before it costs.
    if (offset > record.length || item.children > record.length - offset) throw truncated();
    if (item.children > 0) {
      open.push(left);
      left = item.children;
      if (open.length > maxNestingDepth) {
        throw new ProtocolError(`A message is nested deeper than ${maxNestingDepth} levels.`);
      }
    }
    while (left === 0 && open.length > 0) left = open.pop() ?? 0;
  }
  if (offset !== record.length) throw new ProtocolError('A message is longer than its content.');
}

interface Header {
  /** Bytes of this value, its children not counted. */
  readonly size: number;
  /** Values that belong to it: elements, or keys and values. */
  readonly children: number;
}

/** Formats of the MessagePack specification, 0xc0 to 0xdf in order: fixed sizes. */
const FIXED_SIZES: Readonly<Record<number, number>> = {
  192: 1, // nil
  194: 1, // false
  195: 1, // true
  202: 5, // float 32
  203: 9, // float 64
  204: 2, // uint 8 to 64
  205: 3,
  206: 5,
  207: 9,
  208: 2, // int 8 to 64
  209: 3,
  210: 5,
  211: 9,
  212: 3, // fixext 1 to 16
  213: 4,
  214: 6,
  215: 10,
  216: 18,
};

/** Formats with a length: the length's width, its unit, and further bytes. */
const SIZED: Readonly<Record<number, { width: 1 | 2 | 4; values?: 1 | 2; extra?: number }>> = {
  196: { width: 1 }, // bin
  197: { width: 2 },
  198: { width: 4 },
  199: { width: 1, extra: 1 }, // ext: its type is one byte more
  200: { width: 2, extra: 1 },
  201: { width: 4, extra: 1 },
  217: { width: 1 }, // str
  218: { width: 2 },
  219: { width: 4 },
  220: { width: 2, values: 1 }, // array
  221: { width: 4, values: 1 },
  222: { width: 2, values: 2 }, // map
  223: { width: 4, values: 2 },
};

function readHeader(record: Buffer, offset: number): Header {
  const byte = record[offset];
  if (byte === undefined) throw truncated();
  if (byte < 0x80 || byte >= 0xe0) return { size: 1, children: 0 };
  if (byte < 0x90) return { size: 1, children: (byte & 0x0f) * 2 };
  if (byte < 0xa0) return { size: 1, children: byte & 0x0f };
  if (byte < 0xc0) return { size: 1 + (byte & 0x1f), children: 0 };
  const size = FIXED_SIZES[byte];
  return size === undefined ? readSized(record, offset, byte) : { size, children: 0 };
}

function readSized(record: Buffer, offset: number, byte: number): Header {
  const sized = SIZED[byte];
  if (sized === undefined) throw new ProtocolError('A message is not valid MessagePack.');
  if (offset + 1 + sized.width > record.length) throw truncated();
  const count = record.readUIntBE(offset + 1, sized.width);
  if (sized.values !== undefined) return { size: 1 + sized.width, children: count * sized.values };
  return { size: 1 + sized.width + (sized.extra ?? 0) + count, children: 0 };
}

function truncated(): ProtocolError {
  return new ProtocolError('A message declares more than it holds.');
}
