import type { HubConnection } from './hub.ts';

/** Connections under a name, which leave by themselves when they end. */
export interface Group extends Iterable<HubConnection> {
  readonly name: string;
  readonly size: number;
  add(connection: HubConnection): void;
  remove(connection: HubConnection): void;
}

/** All groups that have members; others need no memory. */
export class Groups {
  readonly #members = new Map<string, Set<HubConnection>>();
  readonly #groupsOf = new Map<HubConnection, Set<string>>();
  readonly #isOpen: (connection: HubConnection) => boolean;

  constructor(isOpen: (connection: HubConnection) => boolean) {
    this.#isOpen = isOpen;
  }

  group(name: string): Group {
    const members = () => this.#members.get(name);
    return {
      name,
      get size() {
        return members()?.size ?? 0;
      },
      add: (connection) => this.#add(name, connection),
      remove: (connection) => this.#remove(name, connection),
      [Symbol.iterator]: () => (members() ?? new Set<HubConnection>()).values(),
    };
  }

  leaveAll(connection: HubConnection): void {
    for (const name of this.#groupsOf.get(connection) ?? []) this.#remove(name, connection);
  }

  /** Adds a live connection only: an ended one would never leave again. */
  #add(name: string, connection: HubConnection): void {
    if (!this.#isOpen(connection)) return;
    entry(this.#members, name).add(connection);
    entry(this.#groupsOf, connection).add(name);
  }

  #remove(name: string, connection: HubConnection): void {
    removeFrom(this.#members, name, connection);
    removeFrom(this.#groupsOf, connection, name);
  }
}

function entry<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let values = map.get(key);
  if (values === undefined) {
    values = new Set();
    map.set(key, values);
  }
  return values;
}

function removeFrom<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) return;
  values.delete(value);
  if (values.size === 0) map.delete(key);
}
