import { readFileSync } from 'node:fs';

/** Of `package.json`: two folders up from what is compiled, one from the sources. */
export const version: string = (() => {
  const up = import.meta.url.endsWith('.ts') ? '..' : '../..';
  const file = new URL(`${up}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
})();
