import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { DerivedRecord, SegmentPlace } from '../../domain/ports/retention-store.ts';

const BUSY_TIMEOUT_MS = 10_000;

/** A segment whose key is in the copy. */
export interface NamedSegment extends SegmentPlace {
  readonly generation: number;
  /** True when it was never closed: its call was in progress, and its file may not exist yet. */
  readonly isOpen: boolean;
}

/** The audio files that a copy of the database can open. */
export interface NamedAudio {
  readonly segments: NamedSegment[];
  readonly derived: Pick<DerivedRecord, 'callId' | 'kind' | 'generation'>[];
  /** Ids of the master keys in use. */
  readonly keyIds: string[];
}

/**
 * Copies the database as of one instant, even while Hush is at work: a reader delays no commit.
 * Destroyed rows are not in the copy.
 * @param to a path that does not exist
 */
export function copySqlite(from: string, to: string): void {
  const database = new DatabaseSync(from);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
  const descriptor = openSync(to, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** @throws Error if the file is damaged */
export function namedAudio(file: string): NamedAudio {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const check = database.prepare('PRAGMA quick_check(1)').get();
    if (check?.quick_check !== 'ok') throw new Error(`${file} is damaged: ${check?.quick_check}`);
    const rows = <Row>(sql: string): Row[] => database.prepare(sql).all() as unknown as Row[];
    const segments = rows<Omit<NamedSegment, 'isOpen'> & { isOpen: number }>(
      `select call_id as callId, track, segment, generation, closed_by is null as isOpen
       from segments where wrapped_key is not null`,
    );
    return {
      segments: segments.map((segment) => ({ ...segment, isOpen: segment.isOpen === 1 })),
      derived: rows(
        'select call_id as callId, kind, generation from derived where wrapped_key is not null',
      ),
      keyIds: rows<{ id: string }>('select key_id as id from key_checks').map(({ id }) => id),
    };
  } finally {
    database.close();
  }
}
