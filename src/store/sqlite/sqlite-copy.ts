import { closeSync, fsyncSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { DerivedRecord, SegmentPlace } from '../../domain/ports/retention-store.ts';

const BUSY_TIMEOUT_MS = 10_000;

/** A segment that the copy has a key of. */
export interface NamedSegment extends SegmentPlace {
  readonly generation: number;
  /** Nobody closed it: its call was in progress, and its file may not have been made yet. */
  readonly isOpen: boolean;
}

/** Which files of audio a copy of the database can open. */
export interface NamedAudio {
  readonly segments: NamedSegment[];
  readonly derived: Pick<DerivedRecord, 'callId' | 'kind' | 'generation'>[];
  /** Of the master keys that something in it is sealed under. */
  readonly keyIds: string[];
}

/**
 * Copies the database as it is at one instant, also of a Hush at work: a reader keeps no commit
 * waiting. What was destroyed in it is not in the copy.
 * @param to is not there
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

/** @throws Error where the file is damaged */
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
