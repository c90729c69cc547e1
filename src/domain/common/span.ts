/** A stretch of samples, from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** @param others sorted by their beginnings */
export function without(span: Span, others: readonly Span[]): Span[] {
  const rest: Span[] = [];
  let { start } = span;
  for (const other of others) {
    if (other.end <= start || other.start >= span.end) continue;
    if (other.start > start) rest.push({ start, end: other.start });
    start = Math.max(start, other.end);
  }
  if (start < span.end) rest.push({ start, end: span.end });
  return rest;
}
