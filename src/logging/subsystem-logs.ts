import type { Log } from '../domain/ports/log.ts';

/** Parts of Hush that the log tells apart; the process itself names none. */
export const subsystems = [
  'sip',
  'srs',
  'call',
  'recorder',
  'archive',
  'assurance',
  'store',
  'auth',
  'http',
  'hub',
  'webhook',
] as const;
export type Subsystem = (typeof subsystems)[number];
export type SubsystemLogs = Readonly<Record<Subsystem, Log>>;

/** A child of the log for each part. */
export function subsystemLogs(log: Log): SubsystemLogs {
  const children = subsystems.map((subsystem) => [subsystem, log.child({ subsystem })]);
  return Object.fromEntries(children) as SubsystemLogs;
}
