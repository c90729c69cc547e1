import type { IncomingMessage, ServerResponse } from 'node:http';
import { ClassicRequestError } from './errors.ts';

/** Answers of a live connection must not be cached, or given to another. */
export const UNCACHED = {
  'Cache-Control': 'no-cache, no-store',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** A form field may grow threefold by percent encoding; the other fields are short. */
const FORM_GROWTH = 3;
const FORM_OVERHEAD_BYTES = 4 * 1024;
/** Bytes of an oversized body that are discarded, so that its sender can read the refusal. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

/** The request's parameters: the query's, then the form's; names in any case, as in .NET. */
export class Parameters {
  readonly #values = new Map<string, string>();

  constructor(...sources: readonly URLSearchParams[]) {
    for (const [name, value] of sources.flatMap((source) => [...source])) {
      const key = name.toLowerCase();
      if (!this.#values.has(key)) this.#values.set(key, value);
    }
  }

  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }
}

export function replyJson(response: ServerResponse, json: string): void {
  response.writeHead(200, { ...UNCACHED, 'Content-Type': 'application/json; charset=UTF-8' });
  response.end(json);
}

export function replyError(response: ServerResponse, error: ClassicRequestError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(error.status, {
    ...UNCACHED,
    ...error.headers,
    'Content-Type': 'text/plain; charset=UTF-8',
  });
  response.end(error.message);
}

/** Reads the fields of a form body of at most one message of `maxMessageBytes`. */
export async function readForm(
  request: IncomingMessage,
  body: string | undefined,
  maxMessageBytes: number,
): Promise<URLSearchParams> {
  const maxBodyBytes = maxMessageBytes * FORM_GROWTH + FORM_OVERHEAD_BYTES;
  const text = body ?? (await readBody(request, maxBodyBytes));
  if (text.length > maxBodyBytes) throw tooLarge();
  const form = new URLSearchParams(text);
  if (Buffer.byteLength(form.get('data') ?? '') > maxMessageBytes) throw tooLarge();
  return form;
}

async function readBody(request: IncomingMessage, maxBodyBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBodyBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (bytes > maxBodyBytes + MAX_DISCARDED_BYTES) break;
  }
  if (bytes > maxBodyBytes) throw tooLarge();
  return Buffer.concat(chunks).toString();
}

function tooLarge(): ClassicRequestError {
  return new ClassicRequestError(413, 'The message is too large.', { Connection: 'close' });
}
