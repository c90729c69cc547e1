import { readFileSync, writeFileSync } from 'node:fs';
import { hubContract } from '../src/hub/hub-contract.ts';

// Writes api/hub.json: the hub's methods and events, in JSON Schema. With --check it only checks
// whether the file is up to date.

const file = new URL('../api/hub.json', import.meta.url);
const text = `${JSON.stringify({ title: "Hush's recording hub", version: '1', ...hubContract }, null, 2)}\n`;

function committed(): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (committed() !== text) {
  console.error('hush: api/hub.json is out of date; run npm run hub-contract');
  process.exitCode = 1;
}
