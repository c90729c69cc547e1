import { readFileSync } from 'node:fs';

/** Version in `package.json`, one folder up from the sources and two from compiled code. */
export const version: string = (() => {
  const up = import.meta.url.endsWith('.ts') ? '..' : '../..';
  const file = new URL(`${up}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
})();
