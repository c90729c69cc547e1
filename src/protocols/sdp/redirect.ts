import type { SdpDirection } from './types.ts';

/**
 * A description of ours once more, with another direction on every m-line that is in use, and the
 * version that a changed description needs (RFC 3264 section 8).
 */
export function redirect(sdp: string, direction: SdpDirection, version: number): string {
  return sdp
    .replace(/^(o=\S+ \S+ )\d+/m, (_, fields: string) => fields + version)
    .replace(/^a=(sendrecv|sendonly|recvonly|inactive)(\r?)$/gm, `a=${direction}$2`);
}
