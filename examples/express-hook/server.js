// Run with: HUSH_URL=http://127.0.0.1:8080 node server.js
import { createHush } from '@hush/client';
import express from 'express';
import { unrecorded } from './unrecorded.js';

const hush = createHush({
  url: process.env.HUSH_URL ?? 'http://127.0.0.1:8080',
  token: process.env.HUSH_TOKEN,
});

const app = express();

app.post('/charge', express.json(), unrecorded(hush), async (request, response) => {
  // Send the card to your payment provider here: read out, typed in, or collected by an IVR.
  const { callId } = await charge(request.body, request.unrecorded);
  response.json({ charged: true, callId });
});

/** Stands in for your payment. Stops when the call may be recorded again. */
async function charge({ callId }, signal) {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.CHARGE_MS ?? 500)));
  signal.throwIfAborted();
  return { callId };
}

const server = app.listen(Number(process.env.PORT ?? 8082), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/charge`);
});
