import type { DeviceFrame } from '../judge.ts';
import type { TortureCall } from '../torture-call.ts';

type Noted = Pick<TortureCall, 'correlationId' | 'notes' | 'silences'>;

const MAX_FINDINGS = 1_000;
/** More than a path may become slower by before the recorder takes it for a sender's pause. */
const MAX_KIT_LATE_MS = 1_000;
const NOTES = 4;

/** Findings of a soak, added to while it runs. */
export class SoakReport {
  dialogues = 0;
  sessions = 0;
  /** Pauses by command and by lease. */
  pauses = 0;
  /** Pauses and holds. */
  silences = 0;
  retries = 0;
  readonly strikes = new Map<string, number>();
  /** Frames sent while nothing may be kept, beyond doubt. */
  forbidden = 0;
  leaked = 0;
  /** Frames sent, and arrived, while everything is to be kept. */
  required = 0;
  /** Missing frames by the reason of the gap that they lie in. */
  readonly explained = new Map<string, number>();
  /** Missing frames that no gap explains. */
  unexplained = 0;
  /** The call of each finding, and the actions on it shortly before. */
  readonly findings: string[] = [];
  misplaced = 0;
  overwritten = 0;
  readonly guardCostsMs: number[] = [];
  /** The kit's own worst lag in sending. */
  kitLateMs = 0;
  readonly faults: string[] = [];
  readonly unsettled: string[] = [];
  readonly openAlarms: string[] = [];

  leak(call: Noted, frames: readonly DeviceFrame[]): void {
    this.leaked += frames.length;
    const [first] = frames;
    if (first) this.#note(`leaked ${frames.length} frames, ${within(call, first)}`, call, first);
  }

  unexplain(call: Noted, frame: DeviceFrame): void {
    this.unexplained += 1;
    this.#note('lost without a gap', call, frame);
  }

  #note(what: string, { correlationId, notes }: Noted, frame: DeviceFrame): void {
    if (this.findings.length >= MAX_FINDINGS && !what.startsWith('leaked')) return;
    const before = notes
      .filter(({ atMs }) => atMs <= frame.sentAtMs)
      .slice(-NOTES)
      .map((note) => `${note.what} ${Math.round(frame.sentAtMs - note.atMs)} ms before`);
    const at = new Date(frame.sentAtMs).toISOString();
    this.findings.push(`${what}: ${correlationId} at ${at}, ${before.join(', ')}`);
  }

  /** True if the kit kept up: a path that it delays itself is like none that a call has. */
  get hasKeptUp(): boolean {
    return this.kitLateMs <= MAX_KIT_LATE_MS;
  }

  /** True when nothing leaked, nothing is unsettled, and nothing is missing without a reason. */
  get isClean(): boolean {
    const { leaked, unexplained, faults, unsettled, openAlarms } = this;
    const found = leaked + unexplained + faults.length;
    return found + unsettled.length + openAlarms.length === 0;
  }
}

/** Names the silence that a frame was sent in. */
function within({ silences }: Noted, { sentAtMs }: DeviceFrame): string {
  const pause = silences.find(
    ({ answeredAt, startRequestedAt }) => sentAtMs > answeredAt && sentAtMs < startRequestedAt,
  );
  if (pause) return `sent ${Math.round(sentAtMs - pause.answeredAt)} ms after the answer`;
  const next = silences.find(
    ({ requestedAt, lookbackMs }) =>
      sentAtMs <= requestedAt && sentAtMs >= requestedAt - lookbackMs,
  );
  return next ? `sent ${Math.round(next.requestedAt - sentAtMs)} ms before the request` : 'deleted';
}

export function emptySoakReport(): SoakReport {
  return new SoakReport();
}

const SHOWN = 40;

/** Returns a table for people. */
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
    ['missing, explained by nothing', report.unexplained],
    ['misplaced / overwritten', `${report.misplaced} / ${report.overwritten}`],
    ['Start to audio p50/max ms', `${cost(0.5)} / ${Math.round(costs.at(-1) ?? 0)}`],
    ['kit late max ms', Math.round(report.kitLateMs)],
    ['left unsettled', report.unsettled.length],
    ['alarms left open', report.openAlarms.length],
    ['faults', report.faults.length],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  const details = [
    ...report.unsettled.map((what) => `unsettled: ${what}`),
    ...report.openAlarms.map((what) => `open: ${what}`),
    ...report.faults.map((what) => `fault: ${what}`),
    ...report.findings,
  ];
  return [
    ...rows.map(([title, value]) => `${title.padEnd(width)}  ${value}`),
    ...worstFirst(details).slice(0, SHOWN),
    ...(details.length > SHOWN ? [`and ${details.length - SHOWN} more`] : []),
    ...(report.hasKeptUp ? [] : ['the machine was too busy: run fewer dialogues']),
  ].join('\n');
}

/** Sorts leaks before losses. */
function worstFirst(details: readonly string[]): string[] {
  const isLeak = (detail: string): boolean => detail.startsWith('leaked');
  return [...details.filter(isLeak), ...details.filter((detail) => !isLeak(detail))];
}
