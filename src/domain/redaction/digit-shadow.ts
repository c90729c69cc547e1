/** The digits of a text in every notation. Each list has one entry per digit. */
export interface ShadowDigits {
  /** 0 to 9 */
  readonly values: readonly number[];
  /** Place in the text: `%34` is three characters, a fullwidth 4 is one. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Characters between the previous digit and this one; 0: none, `FAR`: not connected. */
  readonly gaps: readonly number[];
  /** True after an immediately preceding plus sign. */
  readonly plus: readonly boolean[];
}

/** A stretch of the text whose digits connect to nothing, or only to each other. */
export interface QuietStretch {
  readonly from: number;
  readonly to: number;
  /** `skipped`: its digits do not count; `words`: they do, and its letters separate them. */
  readonly kind: 'skipped' | 'words';
}

export const FAR = Number.POSITIVE_INFINITY;

const escapes = new RegExp(
  [
    '(?:%(?:25){0,4}[0-9a-f]{2})+',
    String.raw`\\+(?:u(?<unicode>[0-9a-f]{4})|x(?<hex>[0-9a-f]{2}))?`,
    '&(?:#(?<decimal>\\d{1,7})|#x(?<hexadecimal>[0-9a-f]{1,6})|[a-z]{2,8});',
  ].join('|'),
  'iy',
);
const percentEscape = /%(?:25){0,4}([0-9a-f]{2})/gi;
const unseen = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\ufffd]$/u;
const blank = /^\s$/u;
const decimalDigit = /^\p{Nd}$/u;
const LAST_ASCII = 0x7f;
const [BLANK, PERCENT, AND, PLUS, BACKSLASH] = [0x20, 0x25, 0x26, 0x2b, 0x5c];
const [TAB, RETURN, DIGIT_0, DIGIT_9] = [0x09, 0x0d, 0x30, 0x39];
const MAX_CODE_POINT = 0x10_ffff;

/**
 * Returns the digits of a text as its reader sees them: escapes decoded (RFC 3986, HTML, JSON),
 * digits of every script and width treated alike, invisible characters ignored, consecutive blanks
 * counted as one.
 */
export function shadowDigits(text: string, quiet: readonly QuietStretch[] = []): ShadowDigits {
  const shadow = new Shadow();
  let index = 0;
  for (const { from, to, kind } of quiet) {
    while (index < from) index = readOne(text, index, shadow);
    shadow.separate();
    if (kind === 'skipped') index = Math.max(index, to);
    while (index < to) {
      if (!isDigit(text.charCodeAt(index))) shadow.separate();
      index = readOne(text, index, shadow);
    }
    shadow.separate();
  }
  while (index < text.length) index = readOne(text, index, shadow);
  return shadow;
}

class Shadow implements ShadowDigits {
  readonly values: number[] = [];
  readonly from: number[] = [];
  readonly to: number[] = [];
  readonly gaps: number[] = [];
  readonly plus: boolean[] = [];
  #gap = FAR;
  #last = 0;

  separate(): void {
    this.#gap = FAR;
  }

  addAscii(code: number, from: number, to: number): void {
    if (isDigit(code)) this.#addDigit(code - DIGIT_0, from, to);
    else if (code === BLANK || (code >= TAB && code <= RETURN)) this.#addOther(BLANK);
    else if (code > BLANK && code < LAST_ASCII) this.#addOther(code);
  }

  /** Adds compatible characters: a fullwidth, circled or raised digit counts as a digit. */
  addAll(characters: string, from: number, to: number): void {
    for (const character of characters.normalize('NFKC')) {
      const code = character.codePointAt(0) ?? 0;
      if (code <= LAST_ASCII) this.addAscii(code, from, to);
      else if (decimalDigit.test(character)) this.#addDigit(digitOf(code), from, to);
      else if (blank.test(character)) this.#addOther(BLANK);
      else if (!unseen.test(character)) this.#addOther(code);
    }
  }

  #addDigit(value: number, from: number, to: number): void {
    this.values.push(value);
    this.from.push(from);
    this.to.push(to);
    this.gaps.push(this.#gap);
    this.plus.push(this.#last === PLUS);
    this.#gap = 0;
    this.#last = 0;
  }

  #addOther(code: number): void {
    if (code !== BLANK || this.#last !== BLANK) this.#gap += 1;
    this.#last = code;
  }
}

/** Reads a character or an escape; returns where the next one begins. */
function readOne(text: string, index: number, shadow: Shadow): number {
  const code = text.codePointAt(index) ?? 0;
  if (code > LAST_ASCII) {
    const character = String.fromCodePoint(code);
    shadow.addAll(character, index, index + character.length);
    return index + character.length;
  }
  const isEscape = code === PERCENT || code === AND || code === BACKSLASH;
  const next = isEscape ? readEscape(text, index, shadow) : undefined;
  if (next === undefined) shadow.addAscii(code, index, index + 1);
  return next ?? index + 1;
}

function readEscape(text: string, index: number, shadow: Shadow): number | undefined {
  escapes.lastIndex = index;
  const match = escapes.exec(text);
  if (!match) return undefined;
  const to = index + match[0].length;
  if (match[0].startsWith('%')) readPercents(match[0], index, shadow);
  else {
    const { unicode, hex, decimal, hexadecimal } = match.groups ?? {};
    const digits = unicode ?? hex ?? hexadecimal;
    const code = digits === undefined ? Number(decimal ?? BLANK) : Number.parseInt(digits, 16);
    shadow.addAll(code > MAX_CODE_POINT ? ' ' : String.fromCodePoint(code), index, to);
  }
  return to;
}

/** Reads escaped bytes of UTF-8, one character after the other. */
function readPercents(run: string, at: number, shadow: Shadow): void {
  const written = [...run.matchAll(percentEscape)];
  const bytes = Buffer.from(written.map((one) => Number.parseInt(one[1] ?? '', 16)));
  for (let first = 0; first < bytes.length; ) {
    const end = Math.min(first + utf8Length(bytes[first] ?? 0), bytes.length);
    const from = at + (written[first]?.index ?? 0);
    const to = at + (written[end]?.index ?? run.length);
    shadow.addAll(bytes.toString('utf8', first, end), from, to);
    first = end;
  }
}

function utf8Length(lead: number): number {
  if (lead < 0xc0) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_9;
}

/** Returns the digit: Unicode keeps a script's ten digits together and in order (UAX #44). */
function digitOf(code: number): number {
  let zero = code;
  while (decimalDigit.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (code - zero) % 10;
}
