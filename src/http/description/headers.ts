interface Header {
  readonly description: string;
  readonly schema: object;
}

const text = { type: 'string' };

/** Request headers that routes read themselves; `config.takes` names those of a route. */
const requestHeaders = {
  'If-Match': {
    description: 'Carry it out only if this is still the version; `*` or nothing: in any case.',
    schema: text,
    example: '"7"',
  },
  'If-None-Match': { description: '304 where it names the entity tag.', schema: text },
  'If-Modified-Since': { description: '304 where nothing changed since.', schema: text },
  'If-Unmodified-Since': { description: '412 where something changed since.', schema: text },
  'If-Range': {
    description: 'The entity tag or date that the range belongs to; else the whole is sent.',
    schema: text,
  },
  Range: {
    description: 'One range of bytes (RFC 9110 section 14); several are answered with the whole.',
    schema: text,
    example: 'bytes=0-65535',
  },
  'Last-Event-ID': {
    description: 'The id of the last event that the client has: the stream goes on behind it.',
    schema: text,
    example: '4711',
  },
} as const satisfies Record<string, Header & { readonly example?: string }>;

/** Headers of answers; `config.answersWith` names those of a route's successes. */
const responseHeaders = {
  ETag: { description: 'The version of what is answered.', schema: text },
  'Last-Modified': { description: 'Since when it is as it is.', schema: text },
  'Accept-Ranges': {
    description: '`bytes` where a range may be asked for.',
    schema: { type: 'string', enum: ['bytes', 'none'] },
  },
  'Content-Range': { description: 'The bytes that are sent, and of how many.', schema: text },
  'Hush-Sequence': {
    description: 'Sequence number, in its UCC, of the event that the command committed.',
    schema: { type: 'integer' },
  },
  'Hush-Effective-At': {
    description: 'From when the command was in effect on every stream.',
    schema: { type: 'string', format: 'date-time' },
  },
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } },
  'WWW-Authenticate': { description: 'How to get in (RFC 6750 section 3).', schema: text },
  'Content-Disposition': { description: 'The name of the file.', schema: text },
} as const satisfies Record<string, Header>;

export type RequestHeader = keyof typeof requestHeaders;
export type ResponseHeader = keyof typeof responseHeaders;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Request headers that the route reads, for its description. */
    takes?: readonly RequestHeader[];
    /** Headers of the route's successes, for its description. */
    answersWith?: readonly ResponseHeader[];
  }
}

export const parameterComponents = Object.fromEntries(
  Object.entries(requestHeaders).map(([name, header]) => [
    componentName(name),
    { name, in: 'header', ...header },
  ]),
);

export const responseHeaderComponents = Object.fromEntries(
  Object.entries(responseHeaders).map(([name, header]) => [componentName(name), header]),
);

/** `IfMatch` of `If-Match`. */
export function componentName(header: string): string {
  return header.replaceAll('-', '');
}

/** Refers to headers of an answer, by their names. */
export function headerRefs(names: readonly ResponseHeader[]) {
  return Object.fromEntries(
    names.map((name) => [name, { $ref: `#/components/headers/${componentName(name)}` }]),
  );
}
