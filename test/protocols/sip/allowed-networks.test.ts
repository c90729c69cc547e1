import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseNetworks } from '../../../src/domain/common/networks.ts';
import { callTo, closeAll, startAgent } from './support.ts';

afterEach(closeAll);

describe('allowed networks', () => {
  it('close a stranger’s connection and answer none of its datagrams', async () => {
    const server = await startAgent({ isAllowed: parseNetworks(['192.0.2.0/24']) });
    const { address, port } = server.peer('TCP');
    const socket = connect(port, address).on('error', () => undefined);
    await once(socket, 'close');
    expect(socket.bytesRead).toBe(0);
    const client = await startAgent();
    const call = client.ua.invite(callTo(server.peer('UDP'), client.handler));
    await expect(call).rejects.toThrow();
    expect(new Set(server.dropped)).toEqual(new Set(['forbiddenAddress']));
    expect(server.dropped.length).toBeGreaterThan(1);
  });

  it('let other addresses call', async () => {
    const server = await startAgent({ isAllowed: parseNetworks(['127.0.0.0/8']) });
    const client = await startAgent();
    await client.ua.invite(callTo(server.peer('UDP'), client.handler));
    await client.ua.invite(callTo(server.peer('TCP'), client.handler));
    expect(server.dropped).toEqual([]);
  });
});
