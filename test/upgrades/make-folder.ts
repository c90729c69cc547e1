import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StorePlace } from '../../src/store/ownership/store-place.ts';
import { type ApiBench, openBench, record } from '../http/api-support.ts';
import { type FolderFacts, foldersDir, pack } from './packed-folder.ts';

const madeIn: StorePlace = {
  ...{ machine: 'recorder-1', host: 'recorder-1', path: '/var/lib/hush', file: '1:1' },
  database: null,
};

/**
 * Makes the data folder of this version that later versions are tested with, before each release:
 * `node scripts/run.js test/upgrades/make-folder.ts [NAME]`.
 */
async function main(): Promise<void> {
  const packageFile = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
  const bench = await openBench();
  const facts = await fill(bench, version);
  // As a crash leaves it: the call in progress is still there.
  await bench.hush.abandon();
  const { dataDir } = bench.hush;
  const database = new DatabaseSync(join(dataDir, 'hush.sqlite'));
  // Where it was made is nobody's business.
  database
    .prepare("update ownership set folder = 'recorder-1/1:1', place = ?")
    .run(JSON.stringify(madeIn));
  database
    .prepare('update configuration set settings = replace(settings, ?, ?)')
    .run(dataDir, madeIn.path);
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  mkdirSync(foldersDir, { recursive: true });
  pack(dataDir, facts, join(foldersDir, `${process.argv[2] ?? version}.json.gz`));
  await bench.caller.close();
  rmSync(dataDir, { recursive: true, force: true });
  process.exit();
}

async function fill(bench: ApiBench, version: string): Promise<FolderFacts> {
  const { hush, caller } = bench;
  const plain = await record(bench, { frames: 60 });
  const marked = await record(bench, { frames: 30, commands: ['Mark', 'Pause', 'Start'] });
  const erased = await record(bench, { frames: 60 });
  const gone = await record(bench, { frames: 10 });
  await put(bench, `${marked.id}/legal-hold`, 'PUT', { reason: 'case 7' });
  const interval = { startMs: 200, endMs: 400, reason: 'card number' };
  await put(bench, `${erased.id}/erasures`, 'POST', interval);
  await put(bench, `${gone.id}/erasures`, 'POST', { whole: true, reason: 'wrong queue' });
  const kept: Record<string, number> = {};
  for (const { id } of [plain, marked, erased]) kept[id] = (await hush.audio(id)).length;
  const live = await caller.call(hush);
  await live.frames(30);
  await hush.command('Pause', live.correlationId);
  return { version, kept, destroyed: [gone.id], paused: [live.correlationId] };
}

async function put({ hush }: ApiBench, path: string, method: string, body: object): Promise<void> {
  const { ok, status } = await fetch(`${hush.api}/api/recordings/${path}`, {
    ...{ method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
  });
  if (!ok) throw new Error(`${method} ${path} was answered ${status}`);
}

await main();
