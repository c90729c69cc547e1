import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openSqlite } from '../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../src/store/store.ts';
import { rowsOf } from '../test/archive/damage/damage.ts';
import type { ErasurePlace } from '../test/archive/erasure/erasure-parts.ts';
import { opusPackets, StoredCall } from '../test/archive/stored-call.ts';
import { aCall } from '../test/store/samples.ts';
import { tone } from '../test/support/audio/tones.ts';
import { S3Server } from '../test/support/bucket/s3-server.ts';
import { temporaryFolder } from '../test/support/hush/hush.ts';
import { Child } from './support/child.ts';
import { type Measured, type Operation, operations } from './support/long-operations.ts';

const HOURS = '3';
const RATE = 48_000;
const PACKET_MS = 20;
const UNITS = (RATE * PACKET_MS) / 1000;
const MS_PER_HOUR = 3_600_000;
const MB = 1_000_000;

/** Repeats the same second, packet by packet, sealed by the recorder's writer. */
async function aCallOf(
  codec: 'OPUS' | 'L16',
  packets: readonly Uint8Array[],
  hours: number,
): Promise<StoredCall> {
  const call = new StoredCall();
  for (const role of ['agent', 'other'] as const) {
    const track = call.track(codec, RATE, { role });
    for (let number = 0; number < (hours * MS_PER_HOUR) / PACKET_MS; number += 1) {
      track.add(number * UNITS, packets[number % packets.length] as Uint8Array, UNITS);
      // Lets the disk catch up.
      if (number % 3_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return call.end();
}

function l16Packets(): Uint8Array[] {
  const second = tone(RATE, 1, 440);
  return Array.from({ length: 1000 / PACKET_MS }, (_, index) => {
    const packet = Buffer.alloc(UNITS * 2);
    for (let at = 0; at < UNITS; at += 1)
      packet.writeInt16BE(second[index * UNITS + at] ?? 0, at * 2);
    return packet;
  });
}

/**
 * Measures the memory of each operation on a recording of three hours, in a process of its own,
 * above what that process took before.
 */
export async function benchLongRecordings(part: Part = {}): Promise<void> {
  const s3 = await S3Server.start();
  const hours = Number(part.hours ?? HOURS);
  const codecs = {
    OPUS: async () => aCallOf('OPUS', await opusPackets(tone(RATE, 1, 440)), hours),
    L16: () => aCallOf('L16', l16Packets(), hours),
  };
  const all = Object.keys(operations) as Operation[];
  const chosen = part.operations?.split(',') ?? all;
  try {
    for (const [codec, record] of Object.entries(codecs)) {
      if (part.codec !== undefined && part.codec !== codec) continue;
      const some = all.filter((operation) => chosen.includes(operation));
      await benchLong(codec, await record(), { s3, some, hours });
    }
  } finally {
    await s3.remove();
  }
}

/** The part to measure; by default all of it. */
interface Part {
  readonly codec?: string | undefined;
  readonly hours?: string | undefined;
  /** Names separated by commas. */
  readonly operations?: string | undefined;
}

interface Where {
  readonly s3: S3Server;
  readonly some: readonly Operation[];
  readonly hours: number;
}

async function benchLong(
  name: string,
  call: StoredCall,
  { s3, some, hours }: Where,
): Promise<void> {
  const { callId, recordingsDir, masterKey } = call;
  const file = join(temporaryFolder(), 'hush.sqlite');
  const store = await SqlStore.open(openSqlite(file));
  const lengthMs = hours * MS_PER_HOUR;
  await store.commit({
    call: aCall({ id: callId, status: 'kept', lengthMs, legalHold: null, gaps: null }),
    tracks: call.tracks,
    segments: rowsOf(call),
  });
  await store.close();
  const place: ErasurePlace = {
    callId,
    recordingsDir,
    masterKey: masterKey.toString('hex'),
    database: { file },
    s3: s3.settings,
  };
  const bytes = statSync(join(recordingsDir, callId, '0-0.seg')).size;
  console.log(`  ${hours} hours of ${name}, two tracks of ${(bytes / MB).toFixed(0)} MB each:`);
  for (const operation of some) {
    const child = new Child('./long-operation.ts', [operation, JSON.stringify(place)]);
    const { what, ms, baseline, peak } = await child.next<Measured>();
    await child.end();
    console.log(
      `    ${what.padEnd(42)} ${((peak - baseline) / MB).toFixed(0).padStart(5)} MB above ` +
        `${(baseline / MB).toFixed(0)} MB, ${(((peak - baseline) / bytes) * 100).toFixed(0)} % of a track; ` +
        `${(ms / 1000).toFixed(1)} s`,
    );
  }
  call.remove();
  rmSync(file, { force: true });
}
