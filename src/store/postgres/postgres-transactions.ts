import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { OutcomeUnknownError, StoreUnavailableError } from '../../domain/model/errors.ts';
import type { OwnEpoch } from '../rows/database.ts';
import type { Schema } from '../rows/schema.ts';
import { beginDurably } from './postgres-durability.ts';
import { ConnectionLostError, until } from './postgres-pool.ts';
import { hasMetAnother, isUnavailable } from './postgres-session.ts';

type Statements<Result> = (transaction: Transaction<Schema>) => Promise<Result>;

export interface TransactionsOptions {
  readonly kysely: Kysely<Schema>;
  readonly epoch: OwnEpoch;
  readonly timeoutMs: number;
}

const RETRY_MS = 50;

/**
 * Durable transactions on connections that may be lost, each refused if the database's epoch is no
 * longer ours. A transaction lost before its COMMIT was sent did not happen, and is run again; one
 * lost after it may have happened or, in a hanging session, may yet happen: its rows are locked
 * until then, so that no later transaction overtakes it.
 */
export class PostgresTransactions {
  readonly #options: TransactionsOptions;

  constructor(options: TransactionsOptions) {
    this.#options = options;
  }

  /** @throws StoreUnavailableError, OutcomeUnknownError, or the server's error for a statement */
  run<Result>(statements: Statements<Result>): Promise<Result> {
    return this.#run(statements, false);
  }

  /** Runs statements that may safely run twice: without an answer they are repeated. */
  repeat<Result>(statements: Statements<Result>): Promise<Result> {
    return this.#run(statements, true);
  }

  async #run<Result>(statements: Statements<Result>, mayRepeat: boolean): Promise<Result> {
    const deadlineMs = performance.now() + this.#options.timeoutMs;
    let isInDoubt = false;
    for (;;) {
      const attempt = { isCommitting: false };
      try {
        return await until(deadlineMs, () => this.#attempt(statements, attempt));
      } catch (cause) {
        const isLost = cause instanceof ConnectionLostError;
        isInDoubt ||= isLost && attempt.isCommitting;
        const mayTry = (isLost && (mayRepeat || !isInDoubt)) || hasMetAnother(cause);
        if (!mayTry || performance.now() + RETRY_MS >= deadlineMs) throw told(cause, isInDoubt);
      }
      await delay(RETRY_MS);
    }
  }

  #attempt<Result>(
    statements: Statements<Result>,
    attempt: { isCommitting: boolean },
  ): Promise<Result> {
    const { kysely, epoch } = this.#options;
    epoch.mustNotBeDisowned();
    return kysely.transaction().execute(async (transaction) => {
      epoch.mustBe(await beginDurably(transaction));
      const result = await statements(transaction);
      attempt.isCommitting = true;
      return result;
    });
  }
}

function told(cause: unknown, isInDoubt: boolean): unknown {
  if (isInDoubt) {
    return new OutcomeUnknownError('the answer of the database to a commit was lost', { cause });
  }
  if (!isUnavailable(cause)) return cause;
  return new StoreUnavailableError('the database could not take it', { cause });
}
