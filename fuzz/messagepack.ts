import { nastyText, type Random } from './random.ts';

const MAX_DEPTH = 70;
const MAX_DAMAGED_BYTES = 4;

/** Encodes values of the MessagePack specification, in any of their forms. */
export function packed(random: Random, value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return packedNumber(random, value);
  if (typeof value === 'string') return packedText(random, value);
  if (Buffer.isBuffer(value)) {
    return Buffer.concat([header(random, value.length, binaryForms), value]);
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => packed(random, item));
    return Buffer.concat([header(random, items.length, arrayForms), ...items]);
  }
  const entries = Object.entries(value as object).flatMap((entry) => {
    return entry.map((part: unknown) => packed(random, part));
  });
  return Buffer.concat([header(random, entries.length / 2, mapForms), ...entries]);
}

/**
 * Returns one record of the hub protocol: a message that is right, nearly right, or anything at
 * all.
 */
export function packedRecord(random: Random, ucc: string): Buffer {
  const body = random.chance(0.85) ? packed(random, message(random, ucc)) : anything(random, 0);
  const whole = random.chance(0.6) ? body : damaged(random, body);
  const length = random.chance(0.95) ? whole.length : random.below(2 ** 31);
  return Buffer.concat([lengthPrefix(length), whole]);
}

/** Hub protocol specification, "MessagePack encoding": arrays that begin with their type. */
function message(random: Random, ucc: string): unknown[] {
  const id = random.chance(0.8) ? String(random.below(9)) : nastyText(random);
  const target = random.pick(['Subscribe', 'Unsubscribe', 'SubscribeCall', nastyText(random)]);
  const since = random.pick([null, 0, -1, 2 ** 53, 1.5, '1', {}]);
  const args = [random.chance(0.6) ? ucc : nastyText(random), since];
  const forms: readonly unknown[][] = [
    [1, {}, random.chance(0.5) ? id : null, target, args, []],
    [1, { [nastyText(random)]: nastyText(random) }, id, target, args, [id, id]],
    [2, {}, id, args],
    [3, {}, id, 1 + random.below(4), nastyText(random)],
    [4, {}, id, target, args, []],
    [5, {}, id],
    [6],
    [7, nastyText(random), random.chance(0.5)],
    [8, random.below(2 ** 31)],
    [9, random.below(9)],
    [random.below(300), {}, id],
  ];
  const chosen = [...random.pick(forms)];
  // Too short, too long, or another value in a field's place.
  if (random.chance(0.15)) chosen.length = random.below(chosen.length + 1);
  if (random.chance(0.15)) chosen.push(args);
  if (random.chance(0.2))
    chosen[random.below(chosen.length + 1)] = random.pick([
      ...[null, -1, [], {}],
      Buffer.from('Subscribe'),
    ]);
  return chosen;
}

/** Returns a value of any format, including extensions and the byte that is never used. */
function anything(random: Random, depth: number): Buffer {
  if (depth < MAX_DEPTH && random.chance(0.6)) {
    // Deep rather than wide.
    return Buffer.concat([Buffer.from([random.pick([0x91, 0x92])]), anything(random, depth + 1)]);
  }
  const length = random.below(2 ** 32);
  const long = Buffer.alloc(5);
  long[0] = random.pick([0xc6, 0xc9, 0xdb, 0xdd, 0xdf]);
  long.writeUInt32BE(length, 1);
  const forms = [
    long,
    Buffer.from([random.below(256)]),
    Buffer.from([0xc1]),
    Buffer.from([random.pick([0xd4, 0xd5, 0xd6, 0xd7, 0xd8]), 0xff, ...bytes(random, 16)]),
    Buffer.from([0xc7, 12, 0xff, ...bytes(random, 12)]),
    Buffer.from([0xca, ...bytes(random, 4)]),
    Buffer.from([0xcb, ...bytes(random, 8)]),
  ];
  return random.pick(forms);
}

function packedNumber(random: Random, value: number): Buffer {
  const isWhole = Number.isSafeInteger(value);
  if (isWhole && value >= 0 && value < 0x80 && random.chance(0.7)) return Buffer.from([value]);
  const written = Buffer.alloc(9);
  if (isWhole && value >= 0 && value < 2 ** 32 && random.chance(0.5)) {
    written[0] = 0xce;
    written.writeUInt32BE(value, 1);
    return written.subarray(0, 5);
  }
  if (isWhole && random.chance(0.7)) {
    written[0] = value >= 0 ? random.pick([0xcf, 0xd3]) : 0xd3;
    written.writeBigInt64BE(BigInt(value), 1);
    return written;
  }
  written[0] = 0xcb;
  written.writeDoubleBE(value, 1);
  return written;
}

function packedText(random: Random, text: string): Buffer {
  const content = Buffer.from(text, random.chance(0.9) ? 'utf8' : 'latin1');
  return Buffer.concat([header(random, content.length, textForms), content]);
}

interface Forms {
  /** The shortest form, and its maximum. */
  readonly fixed?: { readonly mask: number; readonly most: number };
  readonly one?: number;
  readonly two: number;
  readonly four: number;
}

const arrayForms: Forms = { fixed: { mask: 0x90, most: 15 }, two: 0xdc, four: 0xdd };
const mapForms: Forms = { fixed: { mask: 0x80, most: 15 }, two: 0xde, four: 0xdf };
const textForms: Forms = { fixed: { mask: 0xa0, most: 31 }, one: 0xd9, two: 0xda, four: 0xdb };
const binaryForms: Forms = { one: 0xc4, two: 0xc5, four: 0xc6 };

function header(random: Random, count: number, { fixed, one, two, four }: Forms): Buffer {
  const form = random.chance(0.8) ? 0 : random.below(4);
  if (form === 0 && fixed && count <= fixed.most) return Buffer.from([fixed.mask | count]);
  if (form <= 1 && one !== undefined && count < 0x100) return Buffer.from([one, count]);
  if (form <= 2 && count < 0x10000) return Buffer.from([two, count >> 8, count & 0xff]);
  const long = Buffer.alloc(5);
  long[0] = four;
  long.writeUInt32BE(count, 1);
  return long;
}

function damaged(random: Random, whole: Buffer): Buffer {
  let changed = Buffer.from(whole);
  for (let count = 1 + random.below(MAX_DAMAGED_BYTES); count > 0; count -= 1) {
    const at = random.below(changed.length + 1);
    if (random.chance(0.6) && at < changed.length) changed[at] = random.below(256);
    else if (random.chance(0.5)) changed = changed.subarray(0, at);
    else changed = Buffer.concat([changed.subarray(0, at), bytes(random, 8), changed.subarray(at)]);
  }
  return changed;
}

/** Encodes a length in seven bits a byte, the least significant first. */
function lengthPrefix(length: number): Buffer {
  const prefix: number[] = [];
  let left = length;
  do {
    prefix.push((left % 0x80) | (left >= 0x80 ? 0x80 : 0));
    left = Math.floor(left / 0x80);
  } while (left > 0);
  return Buffer.from(prefix);
}

function bytes(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}
