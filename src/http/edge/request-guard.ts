import type { IncomingMessage } from 'node:http';

/** Headers that decide who asks for what: a proxy may read a second one differently. */
const onceOnly = new Set(['authorization', 'host', 'content-type', 'origin', 'content-length']);

/**
 * Matches paths that two readers may understand differently: dot segments, an encoded slash, a
 * backslash. `reduceTarget` has been there before.
 */
const trick = /\/\/|\\|%2f|\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** RFC 9110 section 7.2: a name or an address, and a port. */
const host = /^[\w.:[\]-]*$/;

/** 400 for a request that no honest client sends; undefined for every other. */
export function refuseTricks(request: IncomingMessage): 400 | undefined {
  const target = request.url ?? '';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!path.startsWith('/') || trick.test(path)) return 400;
  const { rawHeaders } = request;
  let seen: Set<string> | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!onceOnly.has(name)) continue;
    if (name === 'host' && !host.test(rawHeaders[index + 1] ?? '')) return 400;
    seen ??= new Set();
    if (seen.has(name)) return 400;
    seen.add(name);
  }
  return undefined;
}
