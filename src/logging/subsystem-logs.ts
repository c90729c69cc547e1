import type { Log } from '../domain/ports/log.ts';

/** Values of `subsystem`; lines of the process as a whole have none. */
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

/** Creates a child of the log for each subsystem. */
export function subsystemLogs(log: Log): SubsystemLogs {
  const children = subsystems.map((subsystem) => [subsystem, log.child({ subsystem })]);
  return Object.fromEntries(children) as SubsystemLogs;
}
