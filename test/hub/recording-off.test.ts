import { HubConnectionBuilder } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestCaller } from '../support/calls.ts';
import { type TestHush, ucc } from '../support/hush/hush.ts';
import { startHush } from './support/hub-hush.ts';
import { hubPath, listenTo } from './support/listener.ts';

/** Tests that disabling recording for a UCC stops its calls, and informs listeners. */

let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  hush = await startHush([ucc]);
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  await hush.remove();
});

async function switchRecording(useAudioRecording: boolean): Promise<void> {
  const answer = await fetch(`${hush.api}/api/uccs/${ucc}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ useAudioRecording }),
  });
  expect(answer.status).toBe(200);
}

test('disabling recording publishes one Stop for a Started and for a Paused call', async () => {
  const calls = [
    await caller.call(hush, { silent: true }),
    await caller.call(hush, { silent: true }),
  ];
  const [started = '', paused = ''] = calls.map(({ correlationId }) => correlationId);
  await hush.command('Pause', paused);
  const connection = new HubConnectionBuilder()
    .withUrl(hush.api + hubPath)
    .configureLogging(5)
    .build();
  const { state, recording } = listenTo(connection);
  await connection.start();
  await connection.invoke('Subscribe', ucc, null);
  await switchRecording(false);
  const of = (CorrelationId: string) => ({ UccName: ucc, CorrelationId, StateAction: 2 });
  await state.first(2);
  expect(new Set(state.events)).toEqual(new Set([of(started), of(paused)]));
  await recording.first(2);
  for (const event of recording.events) {
    expect(event).toMatchObject({ Action: 'Stop', RecordingState: 2, Requester: null });
  }
  // Nothing is left to stop; the next event is that of the next command.
  await switchRecording(false);
  await switchRecording(true);
  await hush.command('Mark', started);
  expect((await state.first(3))[2]).toMatchObject({ StateAction: 6 });
  await connection.stop();
});
