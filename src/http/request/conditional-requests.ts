import type { FastifyReply, FastifyRequest } from 'fastify';

/** Validators tell one state of a file from another (RFC 9110 section 8.8). */
export interface Validators {
  /** Strong; undefined where what is sent is not what it names. */
  readonly etag: string | undefined;
  /** Whole seconds as Unix ms; undefined where it is not known, or that second is not over yet. */
  readonly modifiedAt: number | undefined;
}

type Headers = FastifyRequest['headers'];

const SECOND_MS = 1_000;

/**
 * Returns the date once its second is over. Two changes within a second share a date; from then on
 * it names one state, and is as strong as an entity tag (RFC 9110 section 8.8.2.2).
 */
export function lastModified(changedAt: number | undefined, now: number): number | undefined {
  if (changedAt === undefined) return undefined;
  const modifiedAt = Math.ceil(changedAt / SECOND_MS) * SECOND_MS;
  return modifiedAt <= now ? modifiedAt : undefined;
}

export function setValidators(reply: FastifyReply, { etag, modifiedAt }: Validators): void {
  if (etag !== undefined) reply.header('ETag', etag);
  if (modifiedAt !== undefined) reply.header('Last-Modified', new Date(modifiedAt).toUTCString());
}

/**
 * Evaluates the conditions of a GET or HEAD (RFC 9110 section 13.2.2). Undefined: the request is to
 * be answered.
 */
export function unmet(headers: Headers, validators: Validators): 412 | 304 | undefined {
  const { etag, modifiedAt } = validators;
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!isListed(ifMatch, etag, strong)) return 412;
  } else {
    const since = dateOf(headers['if-unmodified-since']);
    if (since !== undefined && (modifiedAt === undefined || modifiedAt > since)) return 412;
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return isListed(ifNoneMatch, etag, weak) ? 304 : undefined;
  const since = dateOf(headers['if-modified-since']);
  return since !== undefined && modifiedAt !== undefined && modifiedAt <= since ? 304 : undefined;
}

/** Whether a range is of the file that the client has the rest of (RFC 9110 section 13.1.5). */
export function isSameFile(headers: Headers, { etag, modifiedAt }: Validators): boolean {
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return true;
  const text = String(ifRange).trim();
  if (/^(W\/)?"/.test(text)) return text === etag;
  return modifiedAt !== undefined && dateOf(text) === modifiedAt;
}

type Comparison = (tag: string) => string;
/** A weak tag is the same as none (RFC 9110 section 8.8.3.2). */
const strong: Comparison = (tag) => tag;
const weak: Comparison = (tag) => tag.replace(/^W\//, '');

function isListed(list: string, etag: string | undefined, compared: Comparison): boolean {
  if (list.trim() === '*') return true;
  const tags = list.match(/(W\/)?"[^"]*"/g) ?? [];
  return etag !== undefined && tags.some((tag) => compared(tag) === etag);
}

/** The oldest of its three forms names no zone: it is in GMT all the same. */
const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/;

/** Reads a date; one that is none (RFC 9110 section 5.6.7) counts as left out. */
function dateOf(header: string | undefined): number | undefined {
  const text = header?.trim() ?? '';
  const isDate = text.endsWith(' GMT') || asctime.test(text);
  const ms = isDate ? Date.parse(text.replace(/( GMT)?$/, ' GMT')) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
