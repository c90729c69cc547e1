import { randomBytes } from 'node:crypto';
import type { SrtpKeys, SrtpPolicy } from '../domain/model/media-agreement.ts';
import type { SdpCrypto, SdpMedia } from '../protocols/sdp/types.ts';
import { type SrtpSuite, srtpSuites } from '../protocols/srtp/suites.ts';

/** A line's protection: the agreement, and its form in the answer. */
export interface Protection {
  readonly keys: SrtpKeys | null;
  readonly crypto: SdpCrypto | undefined;
}

const unprotected: Protection = { keys: null, crypto: undefined };

/**
 * Returns the first offered key that fits its suite (RFC 4568 section 5.1.2), under the secure or
 * the plain profile (RFC 8643). Our own key stays while the suite does.
 * @returns undefined if the line must be refused
 */
export function chooseProtection(
  media: SdpMedia,
  policy: SrtpPolicy,
  agreed: SrtpKeys | null,
): Protection | undefined {
  for (const offered of media.crypto) {
    const keys = keysFor(offered, agreed);
    if (!keys) continue;
    const { tag, suite } = offered;
    return { keys, crypto: { tag, suite, key: Buffer.from(keys.local) } };
  }
  const mustProtect = policy === 'required' || media.protocol.toUpperCase().startsWith('RTP/SAVP');
  return mustProtect ? undefined : unprotected;
}

function keysFor({ suite, key }: SdpCrypto, agreed: SrtpKeys | null): SrtpKeys | undefined {
  if (!isSuite(suite)) return undefined;
  const { keyBytes, saltBytes } = srtpSuites[suite];
  if (key.length !== keyBytes + saltBytes) return undefined;
  const local = agreed?.suite === suite ? agreed.local : randomBytes(keyBytes + saltBytes);
  return { suite, remote: key, local };
}

function isSuite(name: string): name is SrtpSuite {
  return Object.hasOwn(srtpSuites, name);
}
