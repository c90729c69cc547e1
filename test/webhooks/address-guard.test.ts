import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { WebhookSettingsError } from '../../src/domain/event/webhooks.ts';
import { type AllLookup, addressRule } from '../../src/webhooks/address-guard.ts';
import { DispatcherBench, sales } from './support/bench.ts';
import { Receiver } from './support/receiver.ts';

describe('addressRule', () => {
  const isRefused = addressRule([]);

  it.each([
    ...['169.254.169.254', '169.254.0.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.255'],
    ...['255.255.255.255', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...['fe80::1', 'fe80::1%eth0', 'febf::1', 'fd00:ec2::254', 'fd20:ce::254', 'ff02::1', '::'],
    ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::FFFF:A9FE:A9FE', '::ffff:0:0'],
    ...['0:0:0:0:0:ffff:a9fe:a9fe', '::169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::'],
    ...['fd00:ec2::23', 'fd00:ec2:1::1', '64:ff9b::5db8:d822', '64:ff9b:1::a9fe:a9fe'],
    ...[
      '64:ff9b:1:fffe::1',
      '::ffff:0:169.254.169.254',
      '::ffff:0:a9fe:a9fe',
      '::ffff:0:6464:64c8',
    ],
    ...['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2002:6464:64c8::1', '2002:e000:1::'],
    ...['fd00:c1::a9fe:a9fe', 'fec0::1', 'feff::1', '240.0.0.1', '254.1.2.3', '::ffff:240.0.0.1'],
    ...['2606:2800:220:1:0:5efe:a9fe:a9fe', 'fd12:3456::5efe:a9fe:a9fe', '::5efe:a9fe:a9fe'],
    ...['2606:2800:220:1:200:5efe:6464:64c8', 'fd00::5EFE:169.254.169.254', '::5efe:f000:1'],
    ...['::100.100.100.200', '2002:a83f:8110::1', '::FFFF:0:A9FE:A9FE', '2002:A9FE:1:2::9%eth0'],
  ])('refuses %s', (address) => {
    expect(isRefused(address)).toBe(true);
  });

  it.each([
    ...['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '93.184.216.34'],
    ...['::1', 'fd00::1', 'fc00::254', '2606:2800:220:1::1', '::ffff:127.0.0.1', '169.253.1.1'],
    ...[
      '223.255.255.255',
      '2606::5efe:5db8:d822',
      'fd00::1:5efe:a9fe:a9fe',
      '2002:5db8:d822::1',
      '::ffff:0:93.184.216.34',
      '2001:db8::1',
    ],
    ...['fd00:ec1::1', '64:ff9c::1', '2003::1', '2001:4860:4860::8888'],
  ])('lets %s be', (address) => {
    expect(isRefused(address)).toBe(false);
  });

  it('lets be what is allowed, in either form', () => {
    expect(addressRule(['64:ff9b::/96'])('64:ff9b::5db8:d822')).toBe(false);
    const rule = addressRule(['169.254.10.0/24', 'fe80::/10']);
    expect(['169.254.10.7', '::ffff:169.254.10.7', 'fe80::9'].map(rule)).toEqual([
      ...[false, false, false],
    ]);
    expect(rule('169.254.169.254')).toBe(true);
  });
});

/** Answers each lookup of a name with the next of the given lists. */
function resolver(...answers: readonly string[][]): AllLookup & { asked: string[] } {
  const asked: string[] = [];
  const lookup: AllLookup = (hostname, _, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(hostname);
    const found = addresses.map((address): LookupAddress => {
      return { address, family: address.includes(':') ? 6 : 4 };
    });
    process.nextTick(callback, null, found);
  };
  return Object.assign(lookup, { asked });
}

describe('a webhook', () => {
  let bench: DispatcherBench;
  let receiver: Receiver;
  afterEach(async () => {
    await bench.close();
    await receiver.close();
    expect(bench.errors).toEqual([]);
  });

  async function open(options: Parameters<typeof DispatcherBench.open>[0]): Promise<void> {
    [bench, receiver] = await Promise.all([DispatcherBench.open(options), Receiver.open()]);
  }

  it.each([
    ...['http://169.254.169.254/latest/meta-data', 'http://[fe80::1]/', 'http://0.0.0.0:8080/'],
    ...['http://[::ffff:169.254.169.254]/', 'http://0xa9fea9fe/', 'http://2852039166/'],
    ...['http://169.254.43518/', 'http://0251.0376.0251.0376/', 'http://169.254.169.254./'],
    ...['https://[fd00:ec2::254]/', 'http://0/', 'http://①⑥⑨.254.169.254/'],
  ])('may not be at %s', async (url) => {
    await open({});
    await expect(bench.dispatcher.put('crm', { url }, bench.auditOf)).rejects.toThrow(
      WebhookSettingsError,
    );
    expect(bench.dispatcher.list()).toEqual([]);
  });

  it('whose name resolves to a refused address is not connected to', async () => {
    const lookup = resolver(['169.254.169.254', 'fe80::1']);
    await open({ lookup, limits: { maxAttempts: 2 } });
    await bench.dispatcher.put('crm', { url: 'http://metadata.example/' }, bench.auditOf);
    await bench.happen(sales);
    await bench.until(() => bench.alarms.length === 1);
    expect(bench.outcomes).toEqual(['addressRefused', 'addressRefused']);
    const [letter] = await bench.dispatcher.deadLetters('crm', { limit: 1 });
    expect(letter).toMatchObject({ reason: 'addressRefused', lastStatus: null });
  });

  it('whose name changes its address is judged at each connection', async () => {
    const lookup = resolver(['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1']);
    await open({ lookup });
    receiver.answer = () => (response) => response.writeHead(204, { Connection: 'close' }).end();
    const url = `http://rebinding.example:${receiver.port}/`;
    await bench.dispatcher.put('crm', { url }, bench.auditOf);
    await bench.happen(sales);
    await bench.until(() => bench.outcomes.length === 1);
    await bench.happen(sales);
    await receiver.count(2);
    expect(bench.outcomes.slice(0, 2)).toEqual(['delivered', 'addressRefused']);
    expect(lookup.asked).toHaveLength(3);
    expect(receiver.sequences).toEqual([1, 2]);
  });

  it('is reached by those of its addresses that are not refused', async () => {
    await open({ lookup: resolver(['fe80::1', '169.254.1.1', '127.0.0.1']) });
    await bench.dispatcher.put(
      'crm',
      { url: `http://mixed.example:${receiver.port}/` },
      bench.auditOf,
    );
    await bench.happen(sales);
    await receiver.count(1);
    expect(receiver.received[0]?.headers.host).toBe(`mixed.example:${receiver.port}`);
  });

  it('is not led elsewhere by a redirect', async () => {
    await open({ limits: { maxAttempts: 2 } });
    const elsewhere = await Receiver.open();
    receiver.answer = (_, index) => (response) =>
      response.writeHead([307, 301][index] ?? 204, { Location: elsewhere.url }).end();
    await bench.dispatcher.put('crm', { url: receiver.url }, bench.auditOf);
    await bench.happen(sales);
    await bench.until(() => bench.alarms.length === 1);
    expect(receiver.sequences).toEqual([1, 1]);
    expect(elsewhere.received).toEqual([]);
    const [letter] = await bench.dispatcher.deadLetters('crm', { limit: 1 });
    expect(letter).toMatchObject({ reason: 'rejected', lastStatus: 301 });
    await elsewhere.close();
  });

  it('may be at an address that is allowed', async () => {
    await open({ limits: { allowedNetworks: ['169.254.7.0/24'] } });
    const { webhook } = await bench.dispatcher.put(
      'crm',
      { url: 'http://169.254.7.1/' },
      bench.auditOf,
    );
    expect(webhook.url).toBe('http://169.254.7.1/');
  });
});
