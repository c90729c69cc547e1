import { afterEach, describe, expect, it } from 'vitest';
import type { SignalrOptions } from '../../../src/protocols/signalr/hub/options.ts';
import { createExampleHub } from './support/example-hub.ts';
import { connectRaw, type RawClient } from './support/raw-client.ts';
import { type RunningServer, startServer } from './support/running-server.ts';

/** Events for many: groups, one encoding for all, one frame per tick. */

let server: RunningServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function start(options: Partial<SignalrOptions> = {}): Promise<RunningServer> {
  server = await startServer({ hub: createExampleHub(), ...options });
  return server;
}

const nextMessage = async (client: RawClient) => JSON.parse(await client.nextRecord());

describe('groups', () => {
  it('reach their members, who leave when they are gone', async () => {
    const { url, signalr } = await start();
    const members = await Promise.all([connectRaw(url), connectRaw(url)]);
    const outsider = await connectRaw(url);
    const group = signalr.group('ucc');
    const [first, second, third] = signalr.connections;
    for (const connection of [first, second]) if (connection) group.add(connection);
    if (third) {
      group.add(third);
      group.remove(third);
    }
    signalr.broadcast(signalr.group('ucc'), 'Event', [1]);
    signalr.broadcast(signalr.connections, 'Last', []);
    for (const member of members)
      expect(await nextMessage(member)).toMatchObject({ target: 'Event' });
    expect(await nextMessage(outsider)).toMatchObject({ target: 'Last' });
    members[0]?.socket.close();
    await expect.poll(() => group.size).toBe(1);
    if (first?.signal.aborted) group.add(first);
    expect(group.size).toBe(1);
  });
});

describe('sending', () => {
  async function framesOf(options: Partial<SignalrOptions>): Promise<string[]> {
    const { url, signalr } = await start(options);
    const client = await connectRaw(url);
    const frames: string[] = [];
    const last = Promise.withResolvers<void>();
    client.socket.on('message', (data) => {
      frames.push(String(data));
      if (String(data).includes('Third')) last.resolve();
    });
    for (const target of ['First', 'Second', 'Third']) {
      signalr.broadcast(signalr.connections, target, []);
    }
    await last.promise;
    return frames;
  }

  it('puts all records of one tick into one frame', async () => {
    expect(await framesOf({})).toHaveLength(1);
  });

  it('puts every record into its own frame if the owner wants it', async () => {
    expect(await framesOf({ coalesce: false })).toHaveLength(3);
  });

  it('encodes once per protocol, however many receive', async () => {
    const { url, signalr } = await start();
    const protocols = ['json', 'json', 'messagepack', 'messagepack'];
    const clients = await Promise.all(protocols.map((protocol) => connectRaw(url, protocol)));
    let reads = 0;
    const argument = {
      get value() {
        reads++;
        return 'once';
      },
    };
    signalr.broadcast(signalr.connections, 'Event', [argument]);
    for (const client of clients) expect(await client.nextRecord()).toContain('once');
    // JSON looks at a property once, MessagePack twice: whether it is undefined, and what it is.
    expect(reads).toBe(3);
  });

  it.each([10, 125, 126, 65_535, 65_536, 200_000])('frames %i bytes', async (length) => {
    const { url, signalr } = await start();
    const client = await connectRaw(url);
    signalr.broadcast(signalr.connections, 'Event', ['x'.repeat(length)]);
    expect((await nextMessage(client)).arguments[0]).toHaveLength(length);
  });
});
