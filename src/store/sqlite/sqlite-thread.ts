import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { FOLLOWED } from '../rows/database.ts';

/** Asks the thread to run statements; `atomic` ones share a transaction. */
export interface SqliteRequest {
  readonly id: number;
  readonly atomic: boolean;
  /** Epoch of the owner: `atomic` statements of an earlier owner are refused. */
  readonly epoch?: number | undefined;
  readonly statements: readonly { readonly sql: string; readonly rows: SQLInputValue[][] }[];
}

export interface SqliteAnswer {
  readonly id: number;
  readonly rows?: readonly Record<string, unknown>[];
  readonly changes?: number;
  readonly error?: string;
}

const database = new DatabaseSync((workerData as { file: string }).file);
// FULL: an acknowledged commit survives a power failure. secure_delete: a destroyed key leaves no
// bytes.
database.exec(
  'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;',
);
const statements = new Map<string, StatementSync>();

function prepared(sql: string): StatementSync {
  let statement = statements.get(sql);
  if (!statement) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  return statement;
}

function run(request: SqliteRequest): Omit<SqliteAnswer, 'id'> {
  let rows: Record<string, unknown>[] = [];
  let changes = 0;
  for (const { sql, rows: parameters } of request.statements) {
    const statement = prepared(sql);
    for (const values of parameters) {
      if (statement.columns().length > 0) rows = statement.all(...values);
      else changes += Number(statement.run(...values).changes);
    }
  }
  return { rows, changes };
}

function runAtomic(request: SqliteRequest): Omit<SqliteAnswer, 'id'> {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (request.epoch !== undefined) {
      const owner = prepared('select epoch from ownership').get();
      if (owner?.epoch !== request.epoch) throw new Error(FOLLOWED);
    }
    for (const { sql, rows } of request.statements) {
      const statement = prepared(sql);
      for (const values of rows) statement.run(...values);
    }
    database.exec('COMMIT');
    return {};
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw cause;
  }
}

parentPort?.on('message', (request: SqliteRequest | 'close') => {
  if (request === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  let answer: SqliteAnswer;
  try {
    answer = { id: request.id, ...(request.atomic ? runAtomic(request) : run(request)) };
  } catch (cause) {
    answer = { id: request.id, error: cause instanceof Error ? cause.message : String(cause) };
  }
  parentPort?.postMessage(answer);
});
