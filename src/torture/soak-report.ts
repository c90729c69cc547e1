/** What a soak found; it is added to while the soak goes on. */
export class SoakReport {
  dialogues = 0;
  sessions = 0;
  /** By command and by lease. */
  pauses = 0;
  /** Pauses and holds. */
  silences = 0;
  retries = 0;
  readonly strikes = new Map<string, number>();
  /** Frames sent while nothing may be kept, beyond doubt. */
  forbidden = 0;
  /** Of which calls, and how many frames. */
  readonly leaks: [string, number][] = [];
  /** Frames sent, and arrived, while everything is to be kept. */
  required = 0;
  /** Missing frames by the reason of the gap that they lie in. */
  readonly explained = new Map<string, number>();
  /** Missing frames that no gap explains, by call. */
  readonly unexplained = new Map<string, number>();
  misplaced = 0;
  overwritten = 0;
  readonly guardCostsMs: number[] = [];
  readonly faults: string[] = [];
  readonly unsettled: string[] = [];
  readonly openAlarms: string[] = [];

  unexplain(correlationId: string): void {
    this.unexplained.set(correlationId, (this.unexplained.get(correlationId) ?? 0) + 1);
  }

  get leaked(): number {
    return this.leaks.reduce((sum, [, frames]) => sum + frames, 0);
  }

  get unexplainedFrames(): number {
    return [...this.unexplained.values()].reduce((sum, frames) => sum + frames, 0);
  }

  /** Nothing leaked, nothing unsettled, nothing missing without a reason. */
  get isClean(): boolean {
    const { leaked, unexplainedFrames, faults, unsettled, openAlarms } = this;
    const found = leaked + unexplainedFrames + faults.length;
    return found + unsettled.length + openAlarms.length === 0;
  }
}

export function emptySoakReport(): SoakReport {
  return new SoakReport();
}

const SHOWN = 20;

/** For people. */
export function soakTable(report: SoakReport): string {
  const counts = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const costs = report.guardCostsMs.toSorted((a, b) => a - b);
  const cost = (part: number): number => Math.round(costs.at(Math.floor(part * costs.length)) ?? 0);
  const rows: [string, string | number][] = [
    ['dialogues', report.dialogues],
    ['recording sessions', report.sessions],
    ['pauses and leases', report.pauses],
    ['pauses, leases and holds', report.silences],
    ['commands tried again', report.retries],
    ['strikes', counts(report.strikes)],
    ['frames sent in silences', report.forbidden],
    ['frames leaked, by sending time', report.leaked],
    ['frames sent outside', report.required],
    ['missing, by the reason of their gap', counts(report.explained)],
    ['missing, explained by nothing', report.unexplainedFrames],
    ['misplaced / overwritten', `${report.misplaced} / ${report.overwritten}`],
    ['Start to audio p50/max ms', `${cost(0.5)} / ${Math.round(costs.at(-1) ?? 0)}`],
    ['left unsettled', report.unsettled.length],
    ['alarms left open', report.openAlarms.length],
    ['faults', report.faults.length],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  const details = [
    ...report.leaks.map(([id, frames]) => `leaked: ${id}: ${frames} frames`),
    ...[...report.unexplained].map(([id, frames]) => `unexplained: ${id}: ${frames} frames`),
    ...report.unsettled.map((what) => `unsettled: ${what}`),
    ...report.openAlarms.map((what) => `open: ${what}`),
    ...report.faults.map((what) => `fault: ${what}`),
  ];
  return [
    ...rows.map(([title, value]) => `${title.padEnd(width)}  ${value}`),
    ...details.slice(0, SHOWN),
    ...(details.length > SHOWN ? [`and ${details.length - SHOWN} more`] : []),
  ].join('\n');
}
