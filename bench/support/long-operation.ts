import { readFileSync, writeFileSync } from 'node:fs';
import {
  archiveOf,
  type ErasurePlace,
  openStore,
} from '../../test/archive/erasure/erasure-parts.ts';
import { residentBytes } from './child.ts';
import { type Measured, type Operation, operations } from './long-operations.ts';

/** Runs one operation on a recording, and reports its peak of memory (proc(5)). */
const [name, json = '{}'] = process.argv.slice(2);
const place = JSON.parse(json) as ErasurePlace;
const store = await openStore(place);
const archive = archiveOf(place, store, { maxExports: 1 });
const { what, run } = operations[name as Operation];
// Resets the peak.
writeFileSync('/proc/self/clear_refs', '5');
const baseline = residentBytes(process.pid);
const begun = performance.now();
await run({ place, store, archive });
const ms = performance.now() - begun;
const status = readFileSync('/proc/self/status', 'utf8');
const peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
process.send?.({ what, ms, baseline, peak } satisfies Measured);
