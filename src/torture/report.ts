import { FRAME_MS } from '../simulator/rtp-sender.ts';

export interface ScenarioReport {
  readonly name: string;
  readonly what: string;
  readonly calls: number;
  /** Answered ones. */
  readonly pauses: number;
  /** Sent during a pause, or in a call to be destroyed, beyond doubt. */
  readonly pausedFrames: number;
  readonly leakedFrames: number;
  /** Sent, and arrived, outside every pause, beyond doubt. */
  readonly otherFrames: number;
  /** Missing without an explanation. */
  readonly lostFrames: number;
  /** Left out after a Start, in case they were sent before it. */
  readonly guardFrames: number;
  /** Missing in the second after their sender's clock changed. */
  readonly clockFrames: number;
  /** Lost in the window of a crash. */
  readonly outageFrames: number;
  /** Kept, but not where their sending time says. */
  readonly misplacedFrames: number;
  /** Kept, but overlaid by other audio. */
  readonly overwrittenFrames: number;
  /** The kit's own worst lag: above some 50 ms, places prove little. */
  readonly kitLateMs: number;
  /** Per Start and leg: time until the first kept frame, by sending time. */
  readonly guardCostsMs: readonly number[];
  /** Commands that had to be sent again. */
  readonly retries: number;
  readonly ackMs: readonly number[];
  /** Wrong actions and omissions of the recorder, apart from frames. */
  readonly faults: readonly string[];
}

export function emptyReport(name: string, what: string): ScenarioReport {
  const frames = { pausedFrames: 0, leakedFrames: 0, otherFrames: 0, lostFrames: 0 };
  const excused = { guardFrames: 0, clockFrames: 0, outageFrames: 0 };
  const others = { ...excused, misplacedFrames: 0, overwrittenFrames: 0 };
  const lists = { guardCostsMs: [], ackMs: [], faults: [] };
  return {
    name,
    what,
    calls: 0,
    pauses: 0,
    retries: 0,
    kitLateMs: 0,
    ...frames,
    ...others,
    ...lists,
  };
}

/** True when nothing leaked, and nothing was lost or moved except what a crash may cost. */
export function isClean(reports: readonly ScenarioReport[]): boolean {
  return reports.every((report) => {
    const { leakedFrames, lostFrames, misplacedFrames, overwrittenFrames, faults } = report;
    return leakedFrames + lostFrames + misplacedFrames + overwrittenFrames + faults.length === 0;
  });
}

const columns: readonly { readonly title: string; cell(report: ScenarioReport): string }[] = [
  { title: 'scenario', cell: ({ name }) => name },
  { title: 'calls', cell: ({ calls }) => String(calls) },
  { title: 'pauses', cell: ({ pauses }) => String(pauses) },
  { title: 'sent in pauses', cell: ({ pausedFrames }) => String(pausedFrames) },
  { title: 'leaked', cell: ({ leakedFrames }) => String(leakedFrames) },
  { title: 'sent outside', cell: ({ otherFrames }) => String(otherFrames) },
  { title: 'lost', cell: ({ lostFrames }) => String(lostFrames) },
  { title: 'by guard', cell: ({ guardFrames }) => String(guardFrames) },
  { title: 'by clock', cell: ({ clockFrames }) => String(clockFrames) },
  { title: 'by crash', cell: ({ outageFrames }) => String(outageFrames) },
  { title: 'misplaced', cell: ({ misplacedFrames }) => String(misplacedFrames) },
  { title: 'overwritten', cell: ({ overwrittenFrames }) => String(overwrittenFrames) },
  {
    title: 'Start to audio min/p50/max ms',
    cell: ({ guardCostsMs }) => percentiles(guardCostsMs, [0, 0.5, 1]).map(Math.round).join(' / '),
  },
  {
    title: 'answer p50/p99/max ms',
    cell: ({ ackMs }) => percentiles(ackMs, [0.5, 0.99, 1]).join(' / '),
  },
  { title: 'tried again', cell: ({ retries }) => String(retries) },
  { title: 'kit late max ms', cell: ({ kitLateMs }) => String(Math.round(kitLateMs)) },
  { title: 'faults', cell: ({ faults }) => String(faults.length) },
];

/** Returns a table for people: frames of 20 ms, by the time their device sent them; then faults. */
export function tableOf(reports: readonly ScenarioReport[]): string {
  const total = reports.reduce(sum, emptyReport('all', ''));
  const rows = [...reports, total].map((report) => columns.map(({ cell }) => cell(report)));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const faults = reports.flatMap(({ name, faults: all }) =>
    [...Map.groupBy(all, (fault) => fault)].map(
      ([fault, same]) => `${name}: ${same.length} times: ${fault}`,
    ),
  );
  return [line(columns.map(({ title }) => title)), ...rows.map(line), ...faults].join('\n');
}

/** Returns JSON for programs. */
export function jsonOf(reports: readonly ScenarioReport[]) {
  const scenarios = reports.map(({ ackMs, guardCostsMs, ...report }) => {
    const [p50, p99, max] = percentiles(ackMs, [0.5, 0.99, 1]);
    const [least, median, most] = percentiles(guardCostsMs, [0, 0.5, 1]);
    const leakedMs = report.leakedFrames * FRAME_MS;
    const wronglyLostMs = report.lostFrames * FRAME_MS;
    const startToAudioMs = { min: least, median, max: most };
    return { ...report, leakedMs, wronglyLostMs, startToAudioMs, answerMs: { p50, p99, max } };
  });
  return { clean: isClean(reports), scenarios };
}

function sum(a: ScenarioReport, b: ScenarioReport): ScenarioReport {
  return {
    ...a,
    calls: a.calls + b.calls,
    pauses: a.pauses + b.pauses,
    pausedFrames: a.pausedFrames + b.pausedFrames,
    leakedFrames: a.leakedFrames + b.leakedFrames,
    otherFrames: a.otherFrames + b.otherFrames,
    lostFrames: a.lostFrames + b.lostFrames,
    guardFrames: a.guardFrames + b.guardFrames,
    clockFrames: a.clockFrames + b.clockFrames,
    outageFrames: a.outageFrames + b.outageFrames,
    misplacedFrames: a.misplacedFrames + b.misplacedFrames,
    overwrittenFrames: a.overwrittenFrames + b.overwrittenFrames,
    guardCostsMs: [...a.guardCostsMs, ...b.guardCostsMs],
    retries: a.retries + b.retries,
    kitLateMs: Math.max(a.kitLateMs, b.kitLateMs),
    ackMs: [...a.ackMs, ...b.ackMs],
    faults: [...a.faults, ...b.faults],
  };
}

function percentiles(values: readonly number[], parts: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return parts.map((part) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return Math.round(value * 10) / 10;
  });
}
