import { DigitRun } from './digit-run.ts';
import { FAR, type QuietStretch, shadowDigits } from './digit-shadow.ts';

const guid = /[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}/;
const isGuid = new RegExp(`^${guid.source}$`);
const time =
  /(?:19|20)\d\d-(?:0[1-9]|1[0-2])-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?)?/;
const quietWords = new RegExp(
  `(?<![0-9a-z])(?:${guid.source}|(?<hex>[0-9a-f]{32,}))(?![0-9a-z])|(?<!\\d)${time.source}(?!\\d)`,
  'gi',
);
/** An address after the user of a URI, and the `@` before a host name: no part of a number. */
const octet = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const quietInUri = new RegExp(
  `${quietWords.source}|@(?:\\[[0-9a-f:.]*\\]|(?=[^@;?]{0,3}[a-z]))|` +
    `[:@]${octet}(?:\\.${octet}){3}(?![\\d.@])(?::\\d{1,5}(?![\\d@]))?`,
  'gi',
);
const [DIGIT_0, DIGIT_9, LAST_ASCII] = [0x30, 0x39, 0x7f];
/** `NFKC` yields at most this many digits per character. */
const MAX_DIGITS_OF_ONE = 3;
/** ISO/IEC 7812-1 */
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
/** ITU-T E.164 section 6.2.1: a phone number, its country code included, has no more. */
const MAX_PHONE_DIGITS = 15;
/** Characters between two digits of one number; in a URI fewer, since `;ext=` is no part. */
const MAX_GAP = 5;
const MAX_URI_GAP = 4;

const MASK = '(card number)';
/** Replacement within a URI, where blanks and brackets are not allowed. */
const URI_MASK = 'card-number';

/**
 * Removes possible card numbers from a text: a client that fills in the wrong field must not bring
 * one into a log. International phone numbers begin with a plus sign, and stay.
 */
export function withoutCardNumbers(text: string): string {
  return masked(text, MASK, textRules);
}

/**
 * Removes card numbers from a party's address. Up to 15 digits may be a phone number needed to find
 * a party, and stay, though American Express has 15 as well: an address of record holds dialled
 * numbers, not numbers typed into a form. 16 to 19 digits are none.
 */
export function withoutCardNumbersInUri(uri: string): string {
  const left = masked(uri, URI_MASK, uriRules);
  const rest = /^[^@]*@[^;?]*/.exec(left)?.[0].length ?? left.search(/[;?]|$/);
  // Parameters and headers are not dialled.
  return left.slice(0, rest) + withoutCardNumbersInName(left.slice(rest));
}

/** Does the same for a name, which is neither prose nor a dialled number. */
export function withoutCardNumbersInName(name: string): string {
  return masked(name, URI_MASK, textRules);
}

/** Does the same for the texts in a line of JSON, whose numbers stay numbers. */
export function withoutCardNumbersInJson(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, withoutCardNumbers);
}

/** Returns true when `withoutCardNumbers` would remove something. */
export function hasCardNumber(text: string): boolean {
  return cardNumbers(text, textRules).length > 0;
}

/** Returns true when `withoutCardNumbersInUri` would. */
export function hasCardNumberInUri(uri: string): boolean {
  return withoutCardNumbersInUri(uri) !== uri;
}

interface Rules {
  readonly minDigits: number;
  readonly maxGap: number;
  readonly quiet: RegExp;
}

const textRules: Rules = { minDigits: MIN_DIGITS, maxGap: MAX_GAP, quiet: quietWords };
const uriRules: Rules = {
  minDigits: MAX_PHONE_DIGITS + 1,
  maxGap: MAX_URI_GAP,
  quiet: quietInUri,
};

interface Span {
  readonly from: number;
  readonly to: number;
}

function masked(text: string, mask: string, rules: Rules): string {
  const spans = cardNumbers(text, rules);
  if (spans.length === 0) return text;
  let result = '';
  let done = 0;
  for (const { from, to } of spans) {
    result += `${text.slice(done, from)}${mask}`;
    done = to;
  }
  return result + text.slice(done);
}

const none: readonly Span[] = [];

/** Finds card numbers; most texts have too few digits, or are ids. */
function cardNumbers(text: string, rules: Rules): readonly Span[] {
  if (!mayHoldDigits(text, rules.minDigits) || isGuid.test(text)) return none;
  const digits = shadowDigits(text, quietStretches(text, rules));
  const { gaps, plus } = digits;
  const spans: Span[] = [];
  for (let first = 0; first < gaps.length; ) {
    let end = first + 1;
    while ((gaps[end] ?? FAR) <= rules.maxGap) end += 1;
    const isPhone = plus[first] === true && end - first <= MAX_PHONE_DIGITS;
    if (end - first >= rules.minDigits && !isPhone) {
      spans.push(...spansIn(new DigitRun(digits, first, end), rules.minDigits));
    }
    first = end;
  }
  return spans;
}

function mayHoldDigits(text: string, count: number): boolean {
  let left = count;
  for (let index = 0; index < text.length && left > 0; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= DIGIT_0 && code <= DIGIT_9) left -= 1;
    else if (code > LAST_ASCII) left -= MAX_DIGITS_OF_ONE;
  }
  return left <= 0;
}

/**
 * Skips GUIDs and times; in other long hexadecimal words only consecutive digits are a number. An
 * all-digit text is no hexadecimal word.
 */
function quietStretches(text: string, { quiet }: Rules): QuietStretch[] {
  const stretches: QuietStretch[] = [];
  for (const match of text.matchAll(quiet)) {
    const hex = match.groups?.hex;
    if (hex !== undefined && !/[a-f]/i.test(hex)) continue;
    const [from, to] = [match.index, match.index + match[0].length];
    stretches.push({ from, to, kind: hex === undefined ? 'skipped' : 'words' });
  }
  return stretches;
}

/**
 * Checks every window of connected digits: an expiry date or a security code may follow a card
 * number, another number or zeros may precede it.
 */
function spansIn(run: DigitRun, minDigits: number): Span[] {
  const windows = windowsOf(run, minDigits);
  if (windows.length === 0) return [];
  const isMasked = new Uint8Array(run.length);
  const kept: Window[] = [];
  const keep = (window: Window): void => {
    isMasked.fill(1, window.first, window.end);
    kept.push(window);
  };
  for (const window of windows) if (window.isWhole) keep(window);
  for (const { first, end, isWhole } of windows) {
    if (isWhole || isMasked.subarray(first, end).every(Boolean)) continue;
    // Digits attached to it are removed too: a security code is not kept either.
    keep({ first: run.groupStart(first), end: run.groupEnd(end - 1), isWhole });
  }
  return joined(kept, run);
}

interface Window {
  readonly first: number;
  readonly end: number;
  /** True when only zeros are attached to it. */
  readonly isWhole: boolean;
}

/** Merges overlapping windows. */
function joined(windows: readonly Window[], run: DigitRun): Span[] {
  const spans: { first: number; end: number }[] = [];
  for (const { first, end } of windows.toSorted((a, b) => a.first - b.first)) {
    const last = spans.at(-1);
    if (!last || last.end <= first) spans.push({ first, end });
    else last.end = Math.max(last.end, end);
  }
  return spans.map(({ first, end }) => run.span(first, end));
}

function windowsOf(run: DigitRun, minDigits: number): Window[] {
  const found: Window[] = [];
  for (let first = 0; first + minDigits <= run.length; first += 1) {
    const issued = issuedLengths(run.head(first));
    if (issued.length === 0) continue;
    const start = run.startAt(first);
    if (start === 'glued' && !run.mayBeGlued(first)) continue;
    const least = start === 'zeros' ? Math.max(minDigits, MIN_DIGITS + 1) : minDigits;
    for (let end = first + least; end <= run.length && end - first <= MAX_DIGITS; end += 1) {
      if (!run.isChecked(first, end)) continue;
      const ends = run.groupEnd(end - 1) === end;
      const isWhole = start !== 'glued' && ends;
      const isIssued = issued.includes(end - first) && (ends || run.mayBeGlued(end - 1));
      if (isWhole || isIssued) found.push({ first, end, isWhole });
    }
  }
  return found;
}

const [anyVisa, anyMastercard, anyMaestro] = [[16, 19], [16], [16, 18, 19]];
const [amex, diners, others, nobody] = [[15], [14, 16], [16], [] as number[]];

/** Returns the numbers of digits that an issuer uses, by the first four (ISO/IEC 7812-1). */
function issuedLengths(head: number): readonly number[] {
  const two = Math.floor(head / 100);
  if (two >= 40 && two <= 49) return anyVisa;
  if (two >= 50 && two <= 59) return anyMastercard;
  if (two >= 60 && two <= 69) return anyMaestro;
  if (two === 34 || two === 37) return amex;
  if (two === 30 || two === 36 || two === 38 || two === 39) return diners;
  const isOther = two === 35 || (head >= 2_200 && head <= 2_720) || isNational(two);
  return isOther ? others : nobody;
}

/** Returns true for India and China (81, 82), Uzbekistan (86, 98) and Turkey (97). */
function isNational(two: number): boolean {
  return two === 81 || two === 82 || two === 86 || two === 97 || two === 98;
}
