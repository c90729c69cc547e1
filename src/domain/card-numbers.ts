/** GUIDs and other long hexadecimal words are looked past, all digits or not. */
const hexadecimal = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,}/;
const groups = /(?<![\d+])\d+(?:[ \u00a0.,_/\u2010-\u2015-]{1,3}\d+)*/;
const words = new RegExp(
  `(?<![0-9a-z])(?:${hexadecimal.source})(?![0-9a-z])|${groups.source}`,
  'gi',
);
const isHexadecimal = new RegExp(`^(?:${hexadecimal.source})$`, 'i');
const digitGroup = /\d+/g;
const [DIGIT_0, DIGIT_9] = [0x30, 0x39];
/** ISO/IEC 7812-1 */
const MIN_DIGITS = 13;
const MAX_DIGITS = 19;
/** ITU-T E.164 section 6.2.1: a phone number, its country code included, has no more. */
const MAX_PHONE_DIGITS = 15;

const MASK = '(card number)';
/** The same within a URI, where blanks and brackets have no place. */
const URI_MASK = 'card-number';

/**
 * A text without what may be card numbers: a client that fills the wrong field must not bring one
 * into a log. International phone numbers begin with a plus sign, and stay.
 */
export function withoutCardNumbers(text: string): string {
  return masked(text, MASK, MIN_DIGITS);
}

/**
 * A party's address without a card number. Up to 15 digits may be a phone number that somebody must
 * be found by, and stay, though American Express has 15 as well: a number that is dialled, not one
 * that is typed into a form, is what an address of record holds. 16 to 19 digits are none.
 */
export function withoutCardNumbersInUri(uri: string): string {
  return masked(uri, URI_MASK, MAX_PHONE_DIGITS + 1);
}

/** The same in what is neither prose nor a number that is dialled. */
export function withoutCardNumbersInName(name: string): string {
  return masked(name, URI_MASK, MIN_DIGITS);
}

/** The same in the texts of a line of JSON, whose numbers stay numbers. */
export function withoutCardNumbersInJson(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, withoutCardNumbers);
}

/** Whether `withoutCardNumbers` would leave something out. */
export function hasCardNumber(text: string): boolean {
  return withoutCardNumbers(text) !== text;
}

/** Whether `withoutCardNumbersInUri` would. */
export function hasCardNumberInUri(uri: string): boolean {
  return withoutCardNumbersInUri(uri) !== uri;
}

function masked(text: string, mask: string, minDigits: number): string {
  // Most texts have not one digit too many, or are ids.
  if (!hasDigits(text, minDigits) || isHexadecimal.test(text)) return text;
  return text.replace(words, (word) =>
    isHexadecimal.test(word) ? word : maskedGroups(word, mask, minDigits),
  );
}

function hasDigits(text: string, count: number): boolean {
  let left = count;
  for (let index = 0; index < text.length && left > 0; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= DIGIT_0 && code <= DIGIT_9) left -= 1;
  }
  return left === 0;
}

/**
 * Any run of whole groups may be a card number: behind it an expiry date or a security code may
 * follow, before it another number.
 */
function maskedGroups(word: string, mask: string, minDigits: number): string {
  const found = [...word.matchAll(digitGroup)];
  let result = '';
  let done = 0;
  for (let first = 0; first < found.length; first += 1) {
    const last = endOfCardNumber(found, first, minDigits);
    const [from, to] = [found[first], found[last ?? -1]];
    if (last === undefined || !from || !to) continue;
    result += `${word.slice(done, from.index)}${mask}`;
    done = to.index + to[0].length;
    first = last;
  }
  return result + word.slice(done);
}

/** The longest run of groups from `first` on that is one; undefined: none is. */
function endOfCardNumber(
  found: readonly RegExpExecArray[],
  first: number,
  minDigits: number,
): number | undefined {
  let digits = '';
  let end: number | undefined;
  for (let last = first; last < found.length; last += 1) {
    digits += found[last]?.[0] ?? '';
    if (digits.length > MAX_DIGITS) return end;
    if (digits.length >= minDigits && isCardNumber(digits)) end = last;
  }
  return end;
}

/** The check digit of ISO/IEC 7812-1 annex B; no issuer's numbers begin with 0. */
function isCardNumber(digits: string): boolean {
  if (digits.startsWith('0') || isTime(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const value = Number(digits[digits.length - 1 - index]) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

/** Unix ms, which names of owners and requests are made of; cards of 13 digits begin with 4. */
function isTime(digits: string): boolean {
  return digits.length === MIN_DIGITS && (digits.startsWith('1') || digits.startsWith('2'));
}
