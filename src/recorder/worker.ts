import { parentPort, workerData } from 'node:worker_threads';
import { threadOffsetMs } from './clock-origin.ts';
import { GateTable } from './gate-table.ts';
import { MediaStream } from './media-stream.ts';
import type { Confirmation, FromWorker, ToWorker, WorkerSettings } from './messages.ts';
import { SegmentWriter } from './segment-writer.ts';
import { packStats } from './stream-stats.ts';
import { CallClock, TrackClock } from './track-clock.ts';

/** How often streams tell how they fare. */
const STATS_INTERVAL_MS = 1_000;

/** How often chunks that get no more frames are looked for. */
const TICK_INTERVAL_MS = 100;

interface CallMedia {
  readonly clock: CallClock;
  readonly streams: Map<number, MediaStream>;
}

const settings = workerData as WorkerSettings;
const secret = Buffer.from(settings.secret);
const masterKey = Buffer.from(settings.masterKey);
const gates = new GateTable(0, settings.gates);
const calls = new Map<string, CallMedia>();
const now = () => performance.now();
let confirmations: Confirmation[] = [];

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

/** Confirmations of one turn travel together: 400 streams fence as fast as one. */
function confirm(confirmation: Confirmation): void {
  if (confirmations.length === 0) {
    setImmediate(() => {
      send({ type: 'confirmed', confirmations });
      confirmations = [];
    });
  }
  confirmations.push(confirmation);
}

function mediaOf(callId: string): CallMedia {
  let call = calls.get(callId);
  if (!call) {
    call = { clock: new CallClock(), streams: new Map() };
    calls.set(callId, call);
  }
  return call;
}

function openStream(message: Extract<ToWorker, { type: 'open' }>): void {
  const { callId, slot, spec, port, requestId, resumed } = message;
  const call = mediaOf(callId);
  if (resumed?.originMs !== undefined) call.clock.originMs ??= resumed.originMs - threadOffsetMs;
  const clock = new TrackClock(call.clock, spec.clockRate);
  const writer = new SegmentWriter(
    {
      ...settings,
      callId,
      track: spec.track,
      codec: spec.agreed.codec,
      clockRate: spec.clockRate,
      suppressDtmf: spec.suppressDtmf,
      chunkSamples: Math.floor((settings.chunkMs * spec.clockRate) / 1000),
      masterKey,
      firstSegment: resumed?.nextSegment ?? 0,
      lookbackSamples: Math.ceil((message.lookbackMs * spec.clockRate) / 1000),
      now,
      onSegment: (segment, wrappedKey, closedBy) => {
        send({ type: 'segment', callId, track: spec.track, segment, wrappedKey, closedBy });
      },
      onFailed: (code) => send({ type: 'storageFailed', callId, code }),
    },
    clock,
  );
  const { maxHeldAsidePackets, rtpHost: host } = settings;
  const stream = new MediaStream(spec, {
    ...{ callId, slot, gates, secret, host, maxHeldAsidePackets, clock, writer, resumed, now },
    onBegan: (startPosition, initialReason) => {
      const originMs = (call.clock.originMs ?? performance.now()) + threadOffsetMs;
      send({ type: 'began', callId, track: spec.track, startPosition, initialReason, originMs });
    },
    onConfirmed: confirm,
  });
  stream.bind(port, (error) => {
    if (error) {
      send({ type: 'openFailed', requestId, code: error.code ?? 'EUNKNOWN' });
      return;
    }
    call.streams.set(spec.track, stream);
    send({ type: 'opened', requestId });
  });
}

function onMessage(message: ToWorker): void {
  const streams = calls.get(message.callId)?.streams;
  switch (message.type) {
    case 'open':
      openStream(message);
      break;
    case 'update':
      streams?.get(message.spec.track)?.update(message.spec);
      send({ type: 'updated', requestId: message.requestId });
      break;
    case 'abort':
      for (const stream of streams?.values() ?? []) stream.abort(message.fenceId);
      break;
    case 'hold':
      streams?.get(message.track)?.hold(message.held, () => {
        send({ type: 'held', requestId: message.requestId });
      });
      break;
    case 'close':
      streams?.get(message.track)?.close(message.closedBy, (summary) => {
        streams.delete(message.track);
        send({ type: 'closed', requestId: message.requestId, summary });
      });
      break;
    case 'endCall':
      calls.delete(message.callId);
      break;
  }
}

parentPort?.on('message', onMessage);

setInterval(() => {
  const nowMs = performance.now();
  for (const call of calls.values()) {
    for (const stream of call.streams.values()) stream.tick(nowMs, settings.chunkMs);
  }
}, TICK_INTERVAL_MS).unref();

setInterval(() => {
  const readings = [...calls.values()].flatMap(({ streams }) =>
    [...streams.values()].map((stream) => stream.reading()),
  );
  if (readings.length === 0) return;
  const packed = packStats(readings);
  parentPort?.postMessage({ type: 'stats', packed } satisfies FromWorker, [packed.buffer]);
}, STATS_INTERVAL_MS).unref();
