import { FRAME_MS } from '../simulator/rtp-sender.ts';

export interface ScenarioReport {
  readonly name: string;
  readonly what: string;
  readonly calls: number;
  readonly pauses: number;
  /** Sent while somebody paused, beyond doubt. */
  readonly pausedFrames: number;
  readonly leakedFrames: number;
  /** Sent while nobody paused, beyond doubt. */
  readonly otherFrames: number;
  readonly lostFrames: number;
  /** Lost in the window of a crash. */
  readonly outageFrames: number;
  /** Commands that had to be sent again. */
  readonly retries: number;
  readonly ackMs: readonly number[];
}

/** True when nothing leaked, and nothing was lost but what a crash may cost. */
export function isClean(reports: readonly ScenarioReport[]): boolean {
  return reports.every(({ leakedFrames, lostFrames }) => leakedFrames === 0 && lostFrames === 0);
}

const columns: readonly { readonly title: string; cell(report: ScenarioReport): string }[] = [
  { title: 'scenario', cell: ({ name }) => name },
  { title: 'pauses', cell: ({ pauses }) => String(pauses) },
  { title: 'paused frames', cell: ({ pausedFrames }) => String(pausedFrames) },
  { title: 'leaked ms', cell: ({ leakedFrames }) => String(leakedFrames * FRAME_MS) },
  { title: 'other frames', cell: ({ otherFrames }) => String(otherFrames) },
  { title: 'wrongly lost ms', cell: ({ lostFrames }) => String(lostFrames * FRAME_MS) },
  { title: 'lost to crashes ms', cell: ({ outageFrames }) => String(outageFrames * FRAME_MS) },
  { title: 'tried again', cell: ({ retries }) => String(retries) },
  { title: 'answer p50/p99/max ms', cell: ({ ackMs }) => percentiles(ackMs).join(' / ') },
];

/** For people. */
export function tableOf(reports: readonly ScenarioReport[]): string {
  const total = reports.reduce(sum, empty);
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
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n');
}

/** For programs. */
export function jsonOf(reports: readonly ScenarioReport[]) {
  const scenarios = reports.map(({ ackMs, ...report }) => {
    const [p50, p99, max] = percentiles(ackMs);
    const leakedMs = report.leakedFrames * FRAME_MS;
    const wronglyLostMs = report.lostFrames * FRAME_MS;
    return { ...report, leakedMs, wronglyLostMs, answerMs: { p50, p99, max } };
  });
  return { clean: isClean(reports), scenarios };
}

const empty: ScenarioReport = {
  ...{ name: 'all', what: '', calls: 0, pauses: 0, pausedFrames: 0, leakedFrames: 0 },
  ...{ otherFrames: 0, lostFrames: 0, outageFrames: 0, retries: 0, ackMs: [] },
};

function sum(a: ScenarioReport, b: ScenarioReport): ScenarioReport {
  return {
    ...a,
    calls: a.calls + b.calls,
    pauses: a.pauses + b.pauses,
    pausedFrames: a.pausedFrames + b.pausedFrames,
    leakedFrames: a.leakedFrames + b.leakedFrames,
    otherFrames: a.otherFrames + b.otherFrames,
    lostFrames: a.lostFrames + b.lostFrames,
    outageFrames: a.outageFrames + b.outageFrames,
    retries: a.retries + b.retries,
    ackMs: [...a.ackMs, ...b.ackMs],
  };
}

function percentiles(values: readonly number[]): [number, number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return Math.round(value * 10) / 10;
  };
  return [at(0.5), at(0.99), at(1)];
}
