import type { Socket } from 'node:net';
import pg from 'pg';

/** Settings of a session, as far as the server knows them. */
export type SessionSettings = Readonly<Record<string, string>>;

/** The server notices within about 14 s that the machine of the connection is gone. */
export const keepAliveSettings = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '14000',
} as const satisfies SessionSettings;

/** The client notices it too. */
export const keepAlive = { keepAlive: true, keepAliveInitialDelayMillis: 5_000 } as const;

export async function setSession(
  client: Pick<pg.ClientBase, 'query'>,
  settings: SessionSettings,
): Promise<void> {
  await client.query(
    `select set_config(name, value, false) from json_each_text($1::json) as wanted (name, value)
     where exists (select from pg_settings where pg_settings.name = wanted.name)`,
    [JSON.stringify(settings)],
  );
}

/** Ends a connection without waiting for a server that may never answer. */
export function endNow(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection: { stream: Socket } };
  (client as pg.Client).end().catch(() => undefined);
  // Data already written, including the terminate message, is still sent.
  connection.stream.destroySoon();
}

/** Breaks a connection whatever it waits for; the waiting request fails with `cause`. */
export function breakNow(client: pg.ClientBase, cause: Error): void {
  const { connection } = client as unknown as { connection: { stream: Socket } };
  connection.stream.destroy(cause);
}

/** Lack of resources, an operator, a server no longer primary: the rows are not at fault. */
const unavailable = /^(?:08|53|57|58)|^25006$|^55P03$/;
/** Conflicts of two transactions; either may succeed when run again. */
const met = /^40(?:001|P01)$/;
/** The server has ended the session, or is about to. */
const ending = /^(?:08|57P0)|^25P0[34]$|^25006$/;

/** Returns the server's error code for a statement; undefined if the connection failed. */
export function sqlStateOf(cause: unknown): string | undefined {
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
}

export function isUnavailable(cause: unknown): boolean {
  return unavailable.test(sqlStateOf(cause) ?? '');
}

export function hasMetAnother(cause: unknown): boolean {
  return met.test(sqlStateOf(cause) ?? '');
}

/** True when the connection answers no more. */
export function endsSession(cause: unknown): boolean {
  return ending.test(sqlStateOf(cause) ?? '');
}
