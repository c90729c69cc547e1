const NANOSECONDS_PER_MS = 1e6;

/** Returns ms with fractions, on the one clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS;
}
