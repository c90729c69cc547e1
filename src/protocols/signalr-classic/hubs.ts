import { HubError } from './errors.ts';
import { type EncodedMessage, encodeInvocation, type Invocation } from './messages.ts';
import type { ClassicConnection, HubDefinition, HubMethod } from './types.ts';

interface Hub {
  readonly name: string;
  readonly methods: ReadonlyMap<string, HubMethod>;
}

/** The declared hubs; hub and method names match in any case (Hubs/Lookup/DefaultHubManager.cs). */
export class HubRegistry {
  readonly #hubs: ReadonlyMap<string, Hub>;
  readonly #onError: (error: unknown) => void;

  constructor(
    hubs: Readonly<Record<string, HubDefinition>>,
    onError: (error: unknown) => void = () => {},
  ) {
    this.#hubs = byName(Object.entries(hubs), (name, { methods }) => {
      return { name, methods: byName(Object.entries(methods), (_, method) => method) };
    });
    this.#onError = onError;
  }

  has(hub: string): boolean {
    return this.#hubs.has(hub.toLowerCase());
  }

  /** Throws when the hub is not declared: the owner's mistake, not a client's. */
  encode(hub: string, method: string, args: readonly unknown[]): EncodedMessage {
    const declared = this.#hubs.get(hub.toLowerCase());
    if (!declared) throw new RangeError(`Hub ${hub} is not declared.`);
    return encodeInvocation(declared.name, method, args);
  }

  /** The answer `{I,R}` or `{I,E,H,D}` (Hubs/HubResponse.cs); never rejects. */
  async invoke(connection: ClassicConnection, invocation: Invocation): Promise<string> {
    const { hub, method, args, id } = invocation;
    const declared = this.#hubs.get(hub.toLowerCase());
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
