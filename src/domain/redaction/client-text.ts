import { createHmac, randomBytes } from 'node:crypto';
import { addrSpec, parseRequesterUri } from '../identifiers/sip-uri.ts';
import {
  hasCardNumber,
  withoutCardNumbers,
  withoutCardNumbersInName,
  withoutCardNumbersInUri,
} from './card-numbers.ts';

export const MAX_TEXT_LENGTH = 256;
/** Length of the reason for an irreversible action. */
export const MAX_REASON_LENGTH = 500;
/**
 * A reason needs at least one visible character, not only blanks, controls, format characters
 * (U+200B) and fillers that count as letters (U+3164) or symbols (U+2800).
 */
export const reasonPattern = '(?![\\u115f\\u1160\\u2800\\u3164\\uffa0])[\\p{L}\\p{N}\\p{P}\\p{S}]';
const TAG_LENGTH = 12;
/** Excess characters examined for numbers that the length limit would cut. */
const MAX_EXCESS = 4_096;
/** At that edge a cut card number cannot be recognised, so the text there is dropped. */
const EDGE_LENGTH = 512;

/** Printable ASCII: nothing in it is removed. */
const plain = /^[\x20-\x7e]*$/;
/** Control and format characters, and line separators. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Not allowed in reasons: these and blanks. */
const blank = /[\p{Cc}\p{Cf}\s]+/gu;

/**
 * Cleans a client's text for storage and logs: bounded, on one line, without possible card numbers.
 * Every text of a request that is written anywhere goes through here.
 */
export function cleanText(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  return cleaned(text, maxLength, withoutCardNumbers);
}

/** Cleans a reason in the same way, and removes invisible characters. */
export function cleanReason(reason: string): string {
  return cleanText(reason.replace(blank, ' ').trim(), MAX_REASON_LENGTH);
}

/**
 * Cleans a SIP or tel URI in the same way, but keeps its phone number (docs/reference/access.md):
 * the party it names, without its other parts.
 */
export function cleanUri(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  const uri = parseRequesterUri(text);
  if (uri === undefined) return cleanText(text, maxLength);
  return cleaned(addrSpec(uri), maxLength, withoutCardNumbersInUri);
}

const salt = randomBytes(16);

/**
 * Cleans a distinguishing name, such as a lease's owner: two redacted names stay distinct. The
 * distinction is gone with the process, and reveals nothing.
 */
export function cleanName(name: string): string {
  if (!hasCardNumber(name)) return name;
  const tag = createHmac('sha256', salt).update(name).digest('base64url').slice(0, TAG_LENGTH);
  return `${withoutCardNumbersInName(name)}.${tag}`;
}

/** Masks before it cuts: part of a card number would pass otherwise. */
function cleaned(text: string, maxLength: number, mask: (text: string) => string): string {
  if (text.length <= maxLength && plain.test(text)) return mask(text);
  const looked = text.slice(0, maxLength + MAX_EXCESS);
  const masked = mask(looked);
  const whole = looked.length < text.length ? masked.slice(0, -EDGE_LENGTH) : masked;
  return whole.slice(0, maxLength).replace(unseen, '\u{FFFD}').toWellFormed();
}
