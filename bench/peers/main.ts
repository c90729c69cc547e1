import { hushPeer } from './hush.ts';
import { type MarkerResult, markerTest } from './marker-test.ts';
import type { Peer } from './peer.ts';
import { rtpenginePeer } from './rtpengine.ts';

const CALLS = 20;
const ROUNDS = 10;
const FIRST_TAG = 1_000;

/** Compares recorders in one run: what each keeps of audio that it was told not to keep. */
export async function benchPeers(): Promise<void> {
  console.log(
    `  ${CALLS} calls of two streams, ${ROUNDS} pauses each; frames that left between the answer to ` +
      'a pause and the request to start again must be in no file',
  );
  const results: [string, MarkerResult][] = [];
  for (const stalls of [false, true]) {
    for (const open of [() => hushPeer(CALLS), () => rtpenginePeer(CALLS, FIRST_TAG)]) {
      const peer: Peer = await open();
      try {
        const what = stalls ? 'its process stalls 300 ms in each round' : 'quiet';
        results.push([what, await markerTest(peer, { rounds: ROUNDS, stalls })]);
      } finally {
        await peer.close();
      }
    }
  }
  for (const [what, result] of results) console.log(`  ${line(what, result)}`);
}

function line(what: string, result: MarkerResult): string {
  const { name, pauses, paused, leaked, others, lost, pauseAckMs } = result;
  return (
    `${name.padEnd(10)} ${what.padEnd(40)} ${pauses} pauses: leaked ${leaked} of ${paused} paused frames, ` +
    `lost ${lost} of ${others} others; answered in p50 ${pauseAckMs.p50.toFixed(1)} / p99 ${pauseAckMs.p99.toFixed(1)} ms`
  );
}
