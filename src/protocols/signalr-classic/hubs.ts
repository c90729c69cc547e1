import { HubError } from './errors.ts';
import { HubMessage, type Invocation } from './messages.ts';
import type { ClassicServerOptions } from './options.ts';
import type { ClassicConnection, HubMethod } from './types.ts';

interface Hub {
  /** Its name in lower case. */
  readonly key: string;
  readonly methods: ReadonlyMap<string, HubMethod>;
}

type HubRegistryOptions = Pick<ClassicServerOptions, 'hubs' | 'aliases' | 'defaultHub' | 'onError'>;

/** The declared hubs; hub and method names match in any case (Hubs/Lookup/DefaultHubManager.cs). */
export class HubRegistry {
  readonly #hubs: ReadonlyMap<string, Hub>;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #defaultHub: string;
  readonly #onError: (error: unknown) => void;

  constructor(options: HubRegistryOptions) {
    const { hubs, aliases = {}, defaultHub = '', onError = () => {} } = options;
    this.#hubs = byName(Object.entries(hubs), (name, { methods }) => {
      const key = name.toLowerCase();
      return { key, methods: byName(Object.entries(methods), (_, method) => method) };
    });
    this.#aliases = byName(Object.entries(aliases), (_, hub) => hub.toLowerCase());
    this.#defaultHub = defaultHub.toLowerCase();
    this.#onError = onError;
  }

  /** Returns the key of the hub that a client calls by that name. */
  keyOf(name: string): string | undefined {
    return this.#find(name)?.key;
  }

  /** Throws when the hub is not declared: the owner's mistake, not a client's. */
  encode(hub: string, method: string, args: readonly unknown[]): HubMessage {
    const declared = this.#hubs.get(hub.toLowerCase());
    if (!declared) throw new RangeError(`Hub ${hub} is not declared.`);
    return new HubMessage(declared.key, method, args);
  }

  /** Returns the answer `{I,R}` or `{I,E,H,D}` (Hubs/HubResponse.cs); never rejects. */
  async invoke(connection: ClassicConnection, invocation: Invocation): Promise<string> {
    const { hub, method, args, id } = invocation;
    const declared = this.#find(hub);
    if (!declared) return encodeFailure(id, `'${hub}' Hub could not be resolved.`);
    const run = declared.methods.get(method.toLowerCase());
    if (!run) return encodeFailure(id, `'${method}' method could not be resolved.`);
    try {
      return JSON.stringify({ R: (await run(connection, args)) ?? undefined, I: id });
    } catch (error) {
      if (error instanceof HubError) {
        return JSON.stringify({ I: id, E: error.message, H: true, D: error.data });
      }
      this.#onError(error);
      return encodeFailure(id, `There was an error invoking Hub method '${hub}.${method}'.`);
    }
  }

  #find(name: string): Hub | undefined {
    const key = name.toLowerCase();
    return this.#hubs.get(key) ?? this.#hubs.get(this.#aliases.get(key) ?? this.#defaultHub);
  }
}

export function encodeFailure(id: string | undefined, message: string): string {
  return JSON.stringify({ I: id, E: message });
}

function byName<In, Out>(
  entries: readonly (readonly [string, In])[],
  convert: (name: string, value: In) => Out,
): ReadonlyMap<string, Out> {
  const map = new Map<string, Out>();
  for (const [name, value] of entries) {
    const key = name.toLowerCase();
    if (map.has(key)) throw new RangeError(`${name} is declared twice; names match in any case.`);
    map.set(key, convert(name, value));
  }
  return map;
}
