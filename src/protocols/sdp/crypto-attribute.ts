import type { SdpCrypto } from './types.ts';

/** `<tag> <suite> <key parameters> [<session parameters>]`, RFC 4568 section 9.1 */
const attribute = /^(\d{1,9}) +(\S+) +(\S+)((?: +\S+)*) *$/;
/** One key, an optional lifetime, and no master key identifier: packets would carry it. */
const inlineKey = /^inline:([A-Za-z0-9+/]+={0,2})(?:\|(?:2\^)?\d+)?$/i;
/** Parameters that may be ignored, or state a default (RFC 4568 sections 6.3 and 6.3.6). */
const harmless = /^(?:-.*|WSH=\d+|KDR=0)$/i;

/**
 * Parses the value of an `a=crypto`; returns undefined for an unusable key: another key method,
 * several keys, a session parameter that changes how packets are protected.
 */
export function parseCrypto(value: string): SdpCrypto | undefined {
  const [, tag, suite, keys, session] = attribute.exec(value.trim()) ?? [];
  const encoded = inlineKey.exec(keys ?? '')?.[1];
  if (tag === undefined || suite === undefined || encoded === undefined) return undefined;
  const parameters = (session ?? '').split(' ').filter((parameter) => parameter !== '');
  if (!parameters.every((parameter) => harmless.test(parameter))) return undefined;
  return { tag: Number(tag), suite: suite.toUpperCase(), key: Buffer.from(encoded, 'base64') };
}

/** Returns key parameters in their written form. */
export function inlineParameters(key: Uint8Array): string {
  return `inline:${Buffer.from(key).toString('base64')}`;
}
