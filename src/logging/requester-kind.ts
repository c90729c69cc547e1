/** `sip`, `sips` or `tel`: who somebody is stands in the audit log, for those who may read it. */
export function requesterKind(uri: string): string {
  return /^(sips?|tel):/i.exec(uri)?.[1]?.toLowerCase() ?? 'other';
}
