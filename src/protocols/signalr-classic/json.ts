/**
 * Returns a property of a client's message. Json.NET, which reads the original's messages, matches
 * names without regard to case, and clients rely on it: .NET's writes `Name` where JavaScript's
 * writes `name`. The exact name wins.
 */
export function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, name)) return (value as Readonly<Record<string, unknown>>)[name];
  const wanted = name.toLowerCase();
  const found = Object.entries(value).find(([key]) => key.toLowerCase() === wanted);
  return found?.[1];
}
