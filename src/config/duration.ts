const msPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof msPerUnit;
const unitsDown: readonly Unit[] = ['d', 'h', 'm', 's', 'ms'];

/** Names what is asked for, in an error. */
export const DURATION = 'a duration with its unit: 300ms, 2s, 5m, 1h or 30d';

/**
 * Reads a duration with its unit; 0 needs none. It is not left to a package: those take numbers
 * without a unit, words and years as well, so that a slip of the keyboard becomes a setting.
 * @returns whole ms; undefined for anything else
 */
export function parseDuration(value: unknown): number | undefined {
  const text = String(value).trim();
  if (text === '0') return 0;
  const [, number, unit] = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(number) * msPerUnit[unit as Unit];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Writes ms in the largest unit of which they are a whole number. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const unit = unitsDown.find((one) => ms % msPerUnit[one] === 0) ?? 'ms';
  return `${ms / msPerUnit[unit]}${unit}`;
}
