import { ensureConsole } from './console.js';
import { runProgram } from './runtime.js';
import { ensureDependencies } from './setup.js';

ensureDependencies();
ensureConsole();
runProgram(['src/main.ts', 'demo', ...process.argv.slice(2)]);
