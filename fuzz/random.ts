/** A small seeded generator (mulberry32): a printed seed repeats a whole run. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns 0 to 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

/** Text that breaks parsers: empty, huge, control characters, other encodings and scripts. */
const nasty = [
  '',
  '\0',
  '\r\n\r\n',
  '\r\nX-Injected: 1',
  '%',
  '%00',
  '%2f..%2f',
  '%ff%fe',
  '../../../etc/passwd',
  '//',
  '\\',
  '\u{feff}',
  '\u{202e}txt',
  '\ud800',
  '{"a":',
  '[[[[[[[[',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '-1',
  '1e999',
  '9007199254740993',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  "' or 1=1 --",
  '#{7*7}',
  'x'.repeat(600),
  'x'.repeat(20_000),
];

/** Changes the text in a few places: bytes flipped, parts doubled, cut out or replaced. */
export function mutate(random: Random, text: string): string {
  let mutated = text;
  const changes = 1 + random.below(4);
  for (let change = 0; change < changes; change += 1) {
    const at = random.below(mutated.length + 1);
    const end = at + random.below(Math.min(40, mutated.length - at + 1));
    switch (random.below(5)) {
      case 0:
        mutated = mutated.slice(0, at) + mutated.slice(end);
        break;
      case 1:
        mutated = mutated.slice(0, end) + mutated.slice(at);
        break;
      case 2:
        mutated = mutated.slice(0, at) + random.pick(nasty) + mutated.slice(end);
        break;
      case 3:
        mutated = mutated.slice(0, at) + String.fromCharCode(random.below(256)) + mutated.slice(at);
        break;
      default:
        mutated = mutated.slice(0, at) + String(random.below(2 ** 32)) + mutated.slice(end);
    }
  }
  return mutated;
}

export function nastyText(random: Random): string {
  return random.pick(nasty);
}
