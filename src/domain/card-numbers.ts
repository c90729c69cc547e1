import { parseGuid } from './correlation-id.ts';

/** ISO/IEC 7812-1: 13 to 19 digits, written in one or in groups; none is behind or before them. */
const numbers = /(?<![\d+])\d(?:[ -]?\d){12,18}(?!\d)/g;

/**
 * A text without what may be card numbers: a client that fills the wrong field must not bring one
 * into a log. International phone numbers begin with a plus sign, and stay.
 */
export function withoutCardNumbers(text: string): string {
  if (parseGuid(text) !== undefined) return text;
  return text.replace(numbers, (number) =>
    isCardNumber(number.replaceAll(/\D/g, '')) ? '(card number)' : number,
  );
}

/** The check digit of ISO/IEC 7812-1 annex B. */
function isCardNumber(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
