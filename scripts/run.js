import { runProgram } from './runtime.js';

runProgram(process.argv.slice(2));
