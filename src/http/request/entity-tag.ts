/** Headers of a request that is to be carried out on a known version of the call only. */
export interface IfMatch {
  'if-match'?: string;
}

/** A call's state version as an entity tag (RFC 9110 section 8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** The version that `If-Match` names; undefined where it asks for none in particular. */
export function ifMatchOf(header: string | undefined): number | undefined | 'unreadable' {
  if (header === undefined || header.trim() === '*') return undefined;
  const [, version] = /^\s*"?(\d{1,15})"?\s*$/.exec(header) ?? [];
  return version === undefined ? 'unreadable' : Number(version);
}
