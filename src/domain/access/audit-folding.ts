import type { AuditRecord } from '../model/audit-record.ts';

/** Rule for rows that come in floods: how many are listed, and when the rest is counted. */
interface FoldRule {
  /** Rows listed per window for one kind, caller and subject. */
  readonly rowsPerSubject: number;
  readonly rowsPerCaller: number;
  /** Subjects listed per caller; further ones are counted together. */
  readonly subjectsPerCaller: number;
  /** For a flood that continues across windows: the number of windows that one row counts. */
  readonly windowsPerCount?: number;
}

const rules = {
  denied: { rowsPerSubject: 20, rowsPerCaller: 20, subjectsPerCaller: 1 },
  refused: { rowsPerSubject: 20, rowsPerCaller: 100, subjectsPerCaller: 16, windowsPerCount: 1 },
  read: { rowsPerSubject: 1, rowsPerCaller: 120, subjectsPerCaller: 120, windowsPerCount: 60 },
  // Each recording that leaves is named.
  export: { rowsPerSubject: 1, rowsPerCaller: Infinity, subjectsPerCaller: Infinity },
} as const satisfies Record<string, FoldRule>;
export type FoldKind = keyof typeof rules;

export const FOLD_WINDOW_MS = 60_000;
export const MAX_LISTED_DENIALS = rules.denied.rowsPerSubject;
/** Callers beyond this number are counted together. */
export const MAX_WATCHED_CALLERS = 1_000;
/** Listed refusals of all callers together. */
const MAX_LISTED_REFUSALS = 1_000;
/** Admitted requests are folded up to this number, and listed beyond it. */
const MAX_FOLDS = 20_000;
const ELSEWHERE = 'elsewhere';
const SEVERAL = 'several';

interface Fold {
  readonly rule: FoldRule;
  readonly caller: CallerCount;
  readonly isSeveral: boolean;
  listed: number;
  counted: number;
  last: AuditRecord | undefined;
  isUsed: boolean;
  windows: number;
}

/** One caller's folds of one kind. */
interface CallerCount {
  readonly key: string;
  readonly isElsewhere: boolean;
  rows: number;
  subjects: number;
}

export interface Foldable {
  readonly kind: FoldKind;
  /** The caller that the row counts against. */
  readonly caller: string;
  /** The fields that folded rows share. */
  readonly subject: string;
  readonly record: AuditRecord;
}

/**
 * Decides which of many similar rows are listed, and counts the others into one row a minute. A
 * flood of refused requests, or a client that polls, cannot fill the disk.
 */
export class AuditFolding {
  readonly #write: (rows: readonly AuditRecord[]) => Promise<void>;
  readonly #onError: (cause: unknown) => void;
  #folds = new Map<string, Fold>();
  #callers = new Map<string, CallerCount>();
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    write: (rows: readonly AuditRecord[]) => Promise<void>,
    onError: (cause: unknown) => void,
  ) {
    this.#write = write;
    this.#onError = onError;
  }

  /** Returns true when the record needs a row of its own now; otherwise counts it. */
  lists({ kind, caller: name, subject, record }: Foldable): boolean {
    this.#timer ??= setTimeout(() => {
      this.#endWindow().catch(this.#onError);
    }, FOLD_WINDOW_MS).unref();
    const caller = this.#callerOf(kind, name);
    const fold = this.#foldOf(kind, caller, subject);
    if (!fold) return true;
    fold.isUsed = true;
    if (this.#hasRoom(kind, fold)) {
      fold.listed += 1;
      caller.rows += 1;
      if (isOfStrangers(kind)) this.#refusals += 1;
      return true;
    }
    fold.counted += 1;
    fold.last = record;
    return false;
  }

  /** Writes the counts. May be called twice. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const fold of this.#folds.values()) fold.isUsed = false;
    await this.#endWindow();
  }

  #hasRoom(kind: FoldKind, { rule, caller, listed, isSeveral }: Fold): boolean {
    if (isSeveral || listed >= rule.rowsPerSubject) return false;
    if (caller.rows >= rule.rowsPerCaller) return false;
    return !isOfStrangers(kind) || this.#refusals < MAX_LISTED_REFUSALS;
  }

  #callerOf(kind: FoldKind, name: string): CallerCount {
    const isFull = isOfStrangers(kind) && this.#callers.size >= MAX_WATCHED_CALLERS;
    const key = `${kind}\n${name}`;
    const known = this.#callers.get(key);
    if (known) return known;
    if (isFull) return this.#newCaller(`${kind}\n${ELSEWHERE}`, true);
    return this.#newCaller(key, false);
  }

  #newCaller(key: string, isElsewhere: boolean): CallerCount {
    const caller = this.#callers.get(key) ?? { key, isElsewhere, rows: 0, subjects: 0 };
    this.#callers.set(key, caller);
    return caller;
  }

  /** Returns undefined when there are too many folds and no row may be lost. */
  #foldOf(kind: FoldKind, caller: CallerCount, subject: string): Fold | undefined {
    const named = caller.isElsewhere ? '' : subject;
    const known = this.#folds.get(`${caller.key}\n${named}`);
    if (known) return known;
    const rule: FoldRule = rules[kind];
    const isSeveral = caller.subjects >= rule.subjectsPerCaller;
    const key = `${caller.key}\n${isSeveral ? `\n${SEVERAL}` : named}`;
    const open = this.#folds.get(key);
    if (open) return open;
    if (!isOfStrangers(kind) && this.#folds.size >= MAX_FOLDS) return undefined;
    const fold = { rule, caller, isSeveral, listed: 0, counted: 0, windows: 0 };
    const begun: Fold = { ...fold, last: undefined, isUsed: true };
    this.#folds.set(key, begun);
    if (!isSeveral) caller.subjects += 1;
    return begun;
  }

  async #endWindow(): Promise<void> {
    this.#timer = undefined;
    const ended = this.#folds;
    this.#folds = new Map();
    this.#callers = new Map();
    this.#refusals = 0;
    const rows: AuditRecord[] = [];
    for (const [key, fold] of ended) {
      fold.windows += 1;
      const { windowsPerCount } = fold.rule;
      const goesOn = windowsPerCount !== undefined && fold.isUsed;
      const isDue = !goesOn || fold.windows >= windowsPerCount;
      if (isDue && fold.last) {
        rows.push(countedRow(fold, fold.last));
        Object.assign(fold, { counted: 0, last: undefined, windows: 0 });
      }
      if (goesOn) this.#keep(key, fold);
    }
    if (rows.length > 0) await this.#write(rows);
  }

  /** Keeps the fold, so that an ongoing flood is not listed anew. */
  #keep(key: string, fold: Fold): void {
    const caller = this.#newCaller(fold.caller.key, fold.caller.isElsewhere);
    if (!fold.isSeveral) caller.subjects += 1;
    this.#folds.set(key, { ...fold, caller, isUsed: false });
    this.#timer ??= setTimeout(() => {
      this.#endWindow().catch(this.#onError);
    }, FOLD_WINDOW_MS).unref();
  }
}

function isOfStrangers(kind: FoldKind): boolean {
  return kind === 'denied' || kind === 'refused';
}

/** Builds a row from the newest record of a fold, without the fields that differ among them. */
function countedRow({ counted, caller, isSeveral }: Fold, last: AuditRecord): AuditRecord {
  const differing = { uccName: null, correlationId: null, callId: null, requester: null };
  return {
    ...last,
    ...(caller.isElsewhere ? { who: SEVERAL, client: null, address: ELSEWHERE } : {}),
    ...(isSeveral ? { ...differing, action: SEVERAL } : {}),
    count: counted,
  };
}
