import { auditedChange } from '../access/audit-change.ts';
import type { AuditOf } from '../access/audit-log.ts';
import type { CallRecord } from '../model/call-record.ts';
import { OutcomeUnknownError } from '../model/errors.ts';
import {
  isMember,
  keepsShorter,
  newUcc,
  type Ucc,
  type UccSettings,
  uccKey,
  withSettings,
} from '../model/ucc.ts';
import type { Store } from '../ports/store.ts';
import { strictestOf, type UccRules } from './ucc-rules.ts';

const LOOK_AGAIN_MS = 1_000;

/** The author of a change to settings. */
export interface UccChange {
  readonly auditOf: AuditOf;
  /** True when a reason was given for destroying recordings sooner. */
  readonly hasReason: boolean;
}

/** Recordings would be destroyed sooner than now, and no reason was given. */
export class RetentionReasonError extends Error {
  override readonly name = 'RetentionReasonError';
}

/**
 * The UCCs, held in memory so that each command reads current settings without a query. This
 * process is the only writer; a change is in memory once it is durable.
 */
export class UccRegistry {
  readonly #store: Store;
  readonly #uccs = new Map<string, Ucc>();
  /** Keyed by lists of names, which never change; a call's next record has the same one. */
  #rules = new WeakMap<readonly string[], UccRules>();
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const ucc of await this.#store.uccs()) this.#uccs.set(ucc.name, ucc);
  }

  get(name: string): Ucc | undefined {
    return this.#uccs.get(uccKey(name));
  }

  /** Returns the combined rules of every UCC of the call's dialogue; undefined without any. */
  rulesOf({ dialogue }: Pick<CallRecord, 'dialogue'>): UccRules | undefined {
    return this.rulesOfAll(dialogue.ruledBy);
  }

  rulesOfAll(names: readonly string[]): UccRules | undefined {
    const known = this.#rules.get(names);
    if (known) return known;
    const uccs = names.flatMap((name) => this.get(name) ?? []);
    if (uccs.length === 0) return undefined;
    const rules = strictestOf(uccs);
    this.#rules.set(names, rules);
    return rules;
  }

  /** Returns true for an agent or a supervisor of the UCC of that name. */
  isMember(name: string, uri: string): boolean {
    const ucc = this.get(name);
    return ucc !== undefined && isMember(ucc, uri);
  }

  list(): Ucc[] {
    return [...this.#uccs.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Creates the UCC, or replaces all its settings.
   * @throws RetentionReasonError, and nothing has changed
   */
  put(name: string, settings: UccSettings, by: UccChange): Promise<Ucc> {
    return this.#write(name, by, () => newUcc(name, settings));
  }

  /**
   * Changes the given settings; returns undefined when there is no such UCC.
   * @throws RetentionReasonError, and nothing has changed
   */
  async patch(name: string, settings: UccSettings, by: UccChange): Promise<Ucc | undefined> {
    if (!this.get(name)) return undefined;
    return this.#write(name, by, () => withSettings(this.get(name) ?? newUcc(name), settings));
  }

  /** Reads the store again: its contents count, whatever the answer was. */
  #lookAgain(): void {
    setTimeout(() => {
      this.load().then(
        () => {
          this.#rules = new WeakMap();
        },
        () => this.#lookAgain(),
      );
    }, LOOK_AGAIN_MS).unref();
  }

  #write(name: string, by: UccChange, build: () => Ucc): Promise<Ucc> {
    const write = async (): Promise<Ucc> => {
      const ucc = build();
      const before = this.get(name);
      if (before && !by.hasReason && keepsShorter(before, ucc)) throw new RetentionReasonError();
      const audit = [by.auditOf(auditedChange(before, ucc))];
      await this.#store.commit({ ucc, audit }).catch((cause: unknown) => {
        if (cause instanceof OutcomeUnknownError) this.#lookAgain();
        throw cause;
      });
      this.#uccs.set(uccKey(name), ucc);
      this.#rules = new WeakMap();
      return ucc;
    };
    const result = this.#lastWrite.then(write, write);
    this.#lastWrite = result;
    return result;
  }
}
