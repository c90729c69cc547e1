import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PacketCounts } from '../../src/domain/model/track.ts';
import type { StreamStats } from '../../src/domain/ports/recorder.ts';
import { Metrics } from '../../src/metrics/metrics.ts';
import { aTrack } from '../store/samples.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

function newMetrics(): Metrics {
  const none = () => 0;
  return new Metrics({
    ...{ callsInProgress: none, openStreams: none, hubConnections: none, freePorts: none },
    version: '1.2.3',
    ...{ pausedCalls: none, leases: none, recorderAvailable: () => true },
    openAlarms: () => new Map([['mediaMissing', 2]]),
  });
}

/** Our metrics with their types and help, as Prometheus is told. */
async function registered(): Promise<Map<string, { type: string; help: string }>> {
  const { text } = await newMetrics().text();
  const found = [...text.matchAll(/^# HELP (hush_\w+) (.*)\n# TYPE \w+ (\w+)$/gm)];
  return new Map(found.map(([, name = '', help = '', type = '']) => [name, { type, help }]));
}

const documented = [...read('docs/operate/metrics.md').matchAll(/^\| `(hush_\w+)` \| (\w+) \|/gm)];

describe('the metrics', () => {
  it('are those that docs/operate/metrics.md lists, and no others', async () => {
    const listed = documented.map(([, name, type]) => `${name} ${type}`);
    const known = [...(await registered())].map(([name, { type }]) => `${name} ${type}`);
    expect(listed.sort()).toEqual(known.sort());
  });

  it('are named and described as Prometheus asks', async () => {
    for (const [name, { type, help }] of await registered()) {
      expect(name).toMatch(/^hush_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      // Its name is the same in every program.
      if (name === 'hush_build_info') continue;
      expect(name).not.toMatch(
        /_(gauge|counter|histogram|count|sum|bucket|info|ms|minutes|hours)$/,
      );
      expect(name).not.toMatch(/milliseconds|kilobytes|percent/);
      if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
      expect(help, name).not.toBe('');
    }
  });

  it('begin with a zero for whatever an alert asks for', async () => {
    const { text } = await newMetrics().text();
    expect(text).toMatch(/^hush_calls_by_verdict_total\{verdict="missing"\} 0$/m);
    expect(text).toMatch(/^hush_alarms_total\{kind="fenceTimeout"\} 0$/m);
    expect(text).toMatch(/^hush_alarms_open\{kind="mediaMissing"\} 2$/m);
  });
});

describe('the files of deploy/', () => {
  const dashboard = JSON.parse(read('deploy/grafana/hush.json')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  const rules = parse(read('deploy/prometheus/alerts.yaml')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const asked = [
    ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr])),
    ...rules.groups.flatMap((group) => group.rules.map(({ alert, expr }) => [alert, expr])),
  ];

  it.each(asked)('%s asks for metrics that there are', async (title = '', expr = '') => {
    const known = await registered();
    const names = expr.match(/\bhush_\w+/g) ?? [];
    if (title !== 'HushDown') expect(names).not.toEqual([]);
    for (const name of names) {
      const of = name.replace(/_bucket$/, '');
      expect(known.get(of)?.type, name).toBeDefined();
      if (of !== name) expect(known.get(of)?.type).toBe('histogram');
    }
  });

  it('show every metric of ours', async () => {
    const all = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join();
    const unseen = [...(await registered()).keys()].filter((name) => !all.includes(name));
    expect(unseen).toEqual([]);
  });
});

describe('packets', () => {
  const nothing = Object.fromEntries(
    Object.keys(aTrack('').packets).map((key) => [key, 0]),
  ) as unknown as PacketCounts;
  const stats = (packets: Partial<PacketCounts>, callId = 'a'): StreamStats => ({
    ...{ callId, track: 0, jitterMs: 4, lastPacketAt: 1 },
    packets: { ...nothing, ...packets },
  });
  const summary = (packets: Partial<PacketCounts>) => ({
    ...{ track: 0, startPosition: 0, endPosition: 1, initialReason: null, reasonChanges: [] },
    packets: { ...nothing, ...packets },
    clockWrongMs: 0,
  });
  const value = async (metrics: Metrics, line: string) =>
    Number(
      (await metrics.text()).text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.split(' ')[1],
    );

  it('are counted while their stream is open, each once', async () => {
    const metrics = newMetrics();
    metrics.streamStats([stats({ received: 50, kept: 48, lost: 3 }), stats({ received: 7 }, 'b')]);
    metrics.streamStats([stats({ received: 100, kept: 90, lost: 2 })]);
    expect(await value(metrics, 'hush_rtp_packets_received_total')).toBe(107);
    metrics.trackEnded('a', summary({ received: 120, kept: 100, lost: 4 }));
    metrics.trackEnded('c', summary({ received: 5 }));
    expect(await value(metrics, 'hush_rtp_packets_received_total')).toBe(132);
    expect(await value(metrics, 'hush_rtp_packets_total{outcome="kept"}')).toBe(100);
    expect(await value(metrics, 'hush_rtp_packets_lost_total')).toBe(4);
    expect(await value(metrics, 'hush_rtp_jitter_seconds_count')).toBe(3);
  });

  it('of a stream that another media thread goes on with are counted on', async () => {
    const metrics = newMetrics();
    metrics.streamStats([stats({ received: 50, kept: 50 })]);
    metrics.streamStats([stats({ received: 10, kept: 10 })]);
    metrics.trackEnded('a', summary({ received: 11, kept: 11 }));
    expect(await value(metrics, 'hush_rtp_packets_received_total')).toBe(61);
  });
});
