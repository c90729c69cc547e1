import { CounterModeProtection } from './counter-mode.ts';
import { GcmProtection } from './gcm.ts';
import type { Protection } from './protection.ts';
import { deriveSessionKeys } from './session-keys.ts';
import { type SrtpSuite, srtpSuites } from './suites.ts';

export function createProtection(
  suite: SrtpSuite,
  master: Uint8Array,
  use: 'srtp' | 'srtcp',
): Protection {
  const { cipher, tagBytes, srtcpTagBytes } = srtpSuites[suite];
  const keys = deriveSessionKeys(suite, master, use);
  if (cipher === 'gcm') return new GcmProtection(keys);
  return new CounterModeProtection(keys, use === 'srtp' ? tagBytes : srtcpTagBytes);
}
