import type { SipBody, SipHeader, SipRequest, SipResponse } from './types.ts';

/** Renders a request; Content-Length is always the stack's own (RFC 3261 section 20.14). */
export function serializeRequest(request: SipRequest): Buffer {
  const startLine = `${request.method} ${oneLine(request.requestUri)} SIP/2.0`;
  return serialize(startLine, request.headers, request.body);
}

/** Renders a response. */
export function serializeResponse(response: SipResponse): Buffer {
  const startLine = `SIP/2.0 ${response.statusCode} ${oneLine(response.reason)}`;
  return serialize(startLine, response.headers, response.body);
}

/** Returns the headers that belong to a body. */
export function bodyHeaders(body: SipBody | undefined): readonly SipHeader[] {
  return body === undefined ? [] : [{ name: 'Content-Type', value: body.contentType }];
}

function serialize(startLine: string, headers: readonly SipHeader[], body: Buffer): Buffer {
  const lines = [startLine];
  for (const { name, value } of headers) {
    if (name.toLowerCase() !== 'content-length') lines.push(`${oneLine(name)}: ${oneLine(value)}`);
  }
  lines.push(`Content-Length: ${body.length}`, '', '');
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'utf8'), body]);
}

/** Prevents header injection: a line end inside a value would begin a new header. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
