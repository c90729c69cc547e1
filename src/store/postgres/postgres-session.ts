import type { Socket } from 'node:net';
import pg from 'pg';

/** What a session is set to, as far as the server knows the setting. */
export type SessionSettings = Readonly<Record<string, string>>;

/** A server notices within about 14 s that the machine of the connection is gone. */
export const keepAliveSettings = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '3',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '14000',
} as const satisfies SessionSettings;

/** So does this side. */
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
  // What has been written, the farewell among it, is sent all the same.
  connection.stream.destroySoon();
}

/** Breaks a connection in the middle of whatever it waits for: that is told `cause`. */
export function breakNow(client: pg.ClientBase, cause: Error): void {
  const { connection } = client as unknown as { connection: { stream: Socket } };
  connection.stream.destroy(cause);
}

/** Resources, an operator, a server that is no primary any more: the rows are not what is wrong. */
const unavailable = /^(?:08|53|57|58)|^25006$|^55P03$/;
/** Of two transactions that met; either may go on when it begins anew. */
const met = /^40(?:001|P01)$/;
/** The server has ended, or is about to end, the session with it. */
const ending = /^(?:08|57P0)|^25P0[34]$|^25006$/;

/** What the server said of a statement; undefined where it is the connection that failed. */
export function sqlStateOf(cause: unknown): string | undefined {
  return cause instanceof pg.DatabaseError ? cause.code : undefined;
}

export function isUnavailable(cause: unknown): boolean {
  return unavailable.test(sqlStateOf(cause) ?? '');
}

export function hasMetAnother(cause: unknown): boolean {
  return met.test(sqlStateOf(cause) ?? '');
}

/** The connection answers nothing any more. */
export function endsSession(cause: unknown): boolean {
  return ending.test(sqlStateOf(cause) ?? '');
}
