import { createHmac, randomBytes } from 'node:crypto';
import { addrSpec, parseRequesterUri } from '../identifiers/sip-uri.ts';
import {
  hasCardNumber,
  withoutCardNumbers,
  withoutCardNumbersInName,
  withoutCardNumbersInUri,
} from './card-numbers.ts';

export const MAX_TEXT_LENGTH = 256;
/** Of a reason that somebody gives for what cannot be undone. */
export const MAX_REASON_LENGTH = 500;
/**
 * A reason says something: one character at least that is seen, which blanks, controls, format
 * characters (U+200B) and fillers that count as letters (U+3164) or symbols (U+2800) are not.
 */
export const reasonPattern = '(?![\\u115f\\u1160\\u2800\\u3164\\uffa0])[\\p{L}\\p{N}\\p{P}\\p{S}]';
const TAG_LENGTH = 12;
/** Of what is longer than it may be, so much more is looked at for what the bound would cut. */
const MAX_EXCESS = 4_096;
/** Where that ends, what is left of a card number cannot be told: it is not kept. */
const EDGE_LENGTH = 512;

/** Printable ASCII: nothing in it is left out. */
const plain = /^[\x20-\x7e]*$/;
/** Control and format characters, and separators of lines. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Of a reason: neither these nor blanks. */
const blank = /[\p{Cc}\p{Cf}\s]+/gu;

/**
 * What a client wrote, as it may be kept and logged: bounded, on one line, without what may be a
 * card number. Every text of a request that is written anywhere goes through here.
 */
export function cleanText(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  return cleaned(text, maxLength, withoutCardNumbers);
}

/** The same of a reason, without what nobody sees. */
export function cleanReason(reason: string): string {
  return cleanText(reason.replace(blank, ' ').trim(), MAX_REASON_LENGTH);
}

/**
 * The same of a SIP or tel URI, whose phone number stays (docs/reference/access.md): whom it names,
 * and nothing else that stands in it.
 */
export function cleanUri(text: string, maxLength: number = MAX_TEXT_LENGTH): string {
  const uri = parseRequesterUri(text);
  if (uri === undefined) return cleanText(text, maxLength);
  return cleaned(addrSpec(uri), maxLength, withoutCardNumbersInUri);
}

const salt = randomBytes(16);

/**
 * The same of a name that tells one from another, such as a lease's owner: two that are left out
 * stay two. What they are told apart by is gone with the process, and tells nothing.
 */
export function cleanName(name: string): string {
  if (!hasCardNumber(name)) return name;
  const tag = createHmac('sha256', salt).update(name).digest('base64url').slice(0, TAG_LENGTH);
  return `${withoutCardNumbersInName(name)}.${tag}`;
}

/** Masked first, then cut: a part of a card number would pass. */
function cleaned(text: string, maxLength: number, mask: (text: string) => string): string {
  if (text.length <= maxLength && plain.test(text)) return mask(text);
  const looked = text.slice(0, maxLength + MAX_EXCESS);
  const masked = mask(looked);
  const whole = looked.length < text.length ? masked.slice(0, -EDGE_LENGTH) : masked;
  return whole.slice(0, maxLength).replace(unseen, '\u{FFFD}').toWellFormed();
}
