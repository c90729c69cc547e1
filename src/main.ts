import { hearStopSignals } from './cli/stop-signal.ts';

// Loading the commands takes a while, in which a signal must not be missed.
hearStopSignals(process.argv.slice(2));
await import('./cli/program.ts');
