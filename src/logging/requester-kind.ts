/** Returns `sip`, `sips` or `tel`. The URI itself is in the audit log, which few may read. */
export function requesterKind(uri: string): string {
  return /^(sips?|tel):/i.exec(uri)?.[1]?.toLowerCase() ?? 'other';
}
