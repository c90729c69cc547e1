import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { aCall } from './samples.ts';

/*
 * A process to kill: commits calls one after the other and names each once its commit has resolved.
 */
const store = await SqlStore.open(openSqlite(process.argv[2] ?? ''));
for (;;) {
  const calls = Array.from({ length: 5 }, () => aCall());
  await Promise.all(calls.map((call) => store.commit({ call })));
  process.stdout.write(calls.map(({ id }) => `${id}\n`).join(''));
}
