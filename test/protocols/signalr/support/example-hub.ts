import { setImmediate } from 'node:timers/promises';
import { HubError } from '../../../../src/protocols/signalr/codec/errors.ts';
import type { Hub, HubConnection, HubMethod } from '../../../../src/protocols/signalr/hub/hub.ts';

export interface ExampleHub extends Hub {
  /** Names of streams that were ended by their reader. */
  readonly cancelled: string[];
  /** Resolves with the next connection that is let in. */
  nextConnection(): Promise<HubConnection>;
  nextDisconnection(): Promise<Error | undefined>;
}

/** Methods of every kind, after the example of the hub protocol specification. */
export function createExampleHub(extra: Record<string, HubMethod> = {}): ExampleHub {
  const cancelled: string[] = [];
  const connected = createSignal<HubConnection>();
  const disconnected = createSignal<Error | undefined>();
  return {
    cancelled,
    nextConnection: () => connected.next(),
    nextDisconnection: () => disconnected.next(),
    onConnected: (connection) => connected.raise(connection),
    onDisconnected: (_connection, error) => disconnected.raise(error),
    methods: { ...exampleMethods(cancelled), ...extra },
  };
}

function exampleMethods(cancelled: string[]): Record<string, HubMethod> {
  return {
    Add: (_connection, [left, right]) => Number(left) + Number(right),
    Echo: async (_connection, [value]) => value,
    Nothing: () => undefined,
    Fail: () => {
      throw new HubError('It did not work.');
    },
    Crash: () => {
      throw new Error('a secret of the server');
    },
    Counter: async function* (_connection, [count]) {
      for (let index = 0; index < Number(count); index++) yield index;
    },
    FailingCounter: async function* () {
      yield 0;
      throw new HubError('Ran out of data!');
    },
    Endless: async function* (_connection, [name]) {
      try {
        // At the client's speed: old clients take seconds to read what fits into a socket.
        for (let index = 0; ; index++) yield await setImmediate(index);
      } finally {
        cancelled.push(String(name));
      }
    },
    Sum: async (_connection, _args, { streams: [stream] }) => {
      let sum = 0;
      for await (const item of stream ?? []) sum += Number(item);
      return sum;
    },
    CallBack: (connection, [count]) => {
      for (let index = 0; index < Number(count); index++) connection.send('Counted', [index]);
    },
  };
}

interface Signal<T> {
  raise(value: T): void;
  next(): Promise<T>;
}

/** What is raised while nobody waits is forgotten. */
function createSignal<T>(): Signal<T> {
  let waiting: ((value: T) => void)[] = [];
  return {
    raise(value) {
      const resolved = waiting;
      waiting = [];
      for (const resolve of resolved) resolve(value);
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
