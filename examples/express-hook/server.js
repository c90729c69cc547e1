// HUSH_URL=http://127.0.0.1:8080 node server.js
import { createHush } from '@hush/client';
import express from 'express';
import { unrecorded } from './unrecorded.js';

const hush = createHush({
  url: process.env.HUSH_URL ?? 'http://127.0.0.1:8080',
  token: process.env.HUSH_TOKEN,
});

const app = express();

app.post('/charge', express.json(), unrecorded(hush), async (request, response) => {
  // Here the card goes to your payment provider: read out, typed in, or asked for by a robot.
  const { callId } = await charge(request.body, request.unrecorded);
  response.json({ charged: true, callId });
});

/** Stands for yours. It is aborted when the recorder may be listening again. */
async function charge({ callId }, signal) {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.CHARGE_MS ?? 500)));
  signal.throwIfAborted();
  return { callId };
}

const server = app.listen(Number(process.env.PORT ?? 8082), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/charge`);
});
