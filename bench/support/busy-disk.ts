// A neighbour of the recorder that keeps the disk busy: it appends and syncs without a pause.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BLOCK = Buffer.alloc(262_144, 1);
const FILE_BLOCKS = 256;
const file = join(tmpdir(), `hush-busy-disk-${process.pid}`);

process.on('SIGTERM', () => {
  rmSync(file, { force: true });
  process.exit();
});
process.once('disconnect', () => process.exit());
for (;;) {
  const descriptor = openSync(file, 'w');
  for (let block = 0; block < FILE_BLOCKS; block += 1) {
    writeSync(descriptor, BLOCK);
    fsyncSync(descriptor);
    await new Promise((resolve) => setImmediate(resolve));
  }
  closeSync(descriptor);
}
