type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

/**
 * Schemas that have a title: each stands in `components.schemas` once, and is referred to wherever
 * it was.
 */
export class LiftedSchemas {
  readonly #examples: Readonly<Record<string, readonly unknown[]>>;
  readonly #schemas = new Map<string, JsonObject>();

  constructor(examples: Readonly<Record<string, readonly unknown[]>>) {
    this.#examples = examples;
  }

  /** Returns a copy with references. @throws Error where two schemas have one title */
  lift<Part>(part: Part): Part {
    return this.#lift(part as Json) as Part;
  }

  /** Returns them by name, with examples. @throws Error for an example of no schema */
  schemas(): Record<string, object> {
    const stray = Object.keys(this.#examples).find((name) => !this.#schemas.has(name));
    if (stray !== undefined) throw new Error(`there are examples of ${stray}, and no such schema`);
    const sorted = [...this.#schemas].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(
      sorted.map(([name, schema]) => {
        const examples = this.#examples[name];
        return [name, examples ? { ...schema, examples } : schema];
      }),
    );
  }

  #lift(part: Json): Json {
    if (Array.isArray(part)) return part.map((one: Json) => this.#lift(one));
    if (typeof part !== 'object' || part === null) return part;
    const lifted = Object.fromEntries(
      Object.entries(part).map(([name, value]) => [name, this.#lift(value)]),
    );
    const { title, ...schema } = lifted;
    return typeof title === 'string' && isSchema(schema) ? this.#refer(title, schema) : lifted;
  }

  #refer(name: string, schema: JsonObject): Json {
    const { description, default: fallback, ...bare } = schema;
    // A value's description says what it is for, and stays there; an object's is the object's.
    const isShared = schema.type === 'object';
    const component = isShared ? schema : bare;
    const known = this.#schemas.get(name);
    if (known && JSON.stringify(known) !== JSON.stringify(component)) {
      throw new Error(`two schemas have the title ${name}`);
    }
    this.#schemas.set(name, component);
    return {
      $ref: `#/components/schemas/${name}`,
      ...(isShared || description === undefined ? {} : { description }),
      ...(isShared || fallback === undefined ? {} : { default: fallback }),
    };
  }
}

function isSchema({ type, enum: values, anyOf }: JsonObject): boolean {
  return type !== undefined || values !== undefined || anyOf !== undefined;
}
