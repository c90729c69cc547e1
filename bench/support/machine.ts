import { cpus } from 'node:os';

/** Time of all cores so far, in ms. */
interface CoreTimes {
  readonly idle: number;
  readonly all: number;
}

export function idleShare(): CoreTimes;
export function idleShare(since: CoreTimes): number;
/** Returns the share of the cores' time since then in which they had nothing to do, 0 to 1. */
export function idleShare(since?: CoreTimes): CoreTimes | number {
  const times = cpus().map(({ times: of }) => of);
  const idle = times.reduce((sum, of) => sum + of.idle, 0);
  const all = times.reduce((sum, { user, nice, sys, idle: none, irq }) => {
    return sum + user + nice + sys + none + irq;
  }, 0);
  return since ? (idle - since.idle) / (all - since.all) : { idle, all };
}
