import type { HubMethod } from './hub.ts';

/** Methods of a hub by name, without regard to case; names of Object.prototype do not count. */
export class MethodTable {
  readonly #methods = new Map<string, HubMethod>();

  constructor(methods: Readonly<Record<string, HubMethod>>) {
    for (const [name, method] of Object.entries(methods)) {
      this.#methods.set(name.toLowerCase(), method);
    }
  }

  find(target: string): HubMethod | undefined {
    return this.#methods.get(target.toLowerCase());
  }
}
