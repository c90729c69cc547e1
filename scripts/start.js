import { runProgram } from './runtime.js';

runProgram(['src/main.ts', 'demo', ...process.argv.slice(2)]);
