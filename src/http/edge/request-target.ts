import type { IncomingMessage } from 'node:http';

/** Scheme, authority and the rest of a target in absolute form (RFC 9112 section 3.2.2). */
const absolute = /^https?:\/\/([^/?]+)([/?].*)?$/i;

/** Pages whose links are relative to a slash at the end. */
const directories = new Set(['/docs/']);

/**
 * Brings a request's target to the one spelling that every route and hub knows, before anything
 * reads it: absolute form becomes its path, and its authority takes the place of `Host`; slashes in
 * a row become one, and one at the end goes. Nothing is decoded: what would then read differently
 * is `refuseTricks`' to refuse.
 */
export function reduceTarget(request: IncomingMessage): void {
  const given = request.url ?? '';
  const match = given.startsWith('/') ? null : absolute.exec(given);
  if (match) takeAuthority(request, match[1] ?? '');
  const target = match ? pathOf(match[2] ?? '') : given;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const reduced = reducedPath(path);
  if (match || reduced !== path) {
    request.url = mark < 0 ? reduced : reduced + target.slice(mark);
  }
}

function pathOf(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function reducedPath(path: string): string {
  if (!path.startsWith('/')) return path;
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  const isOpen = single.length > 1 && single.endsWith('/');
  return isOpen && !directories.has(single.toLowerCase()) ? single.slice(0, -1) : single;
}

/**
 * The `Host` that came along counts no more; a second one is still refused, and so is none at all
 * where HTTP/1.1 has to send one all the same.
 */
function takeAuthority(request: IncomingMessage, authority: string): void {
  const { headers, rawHeaders } = request;
  if (headers.host === undefined && request.httpVersionMinor >= 1) return;
  if (headers.host === undefined) rawHeaders.push('Host', authority);
  headers.host = authority;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === 'host') rawHeaders[index + 1] = authority;
  }
}
