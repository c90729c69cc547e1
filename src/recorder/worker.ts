import { parentPort, workerData } from 'node:worker_threads';
import { Attendance } from './clock/attendance.ts';
import { threadOffsetMs } from './clock/clock-origin.ts';
import { Pulse } from './clock/pulse.ts';
import { CallClock, TrackClock } from './clock/track-clock.ts';
import { Confirmations } from './fence/confirmations.ts';
import { Gate, GateTable } from './fence/gate-table.ts';
import type { CallMarker } from './fence/marker.ts';
import { MediaStream } from './media-stream.ts';
import type { Confirmation, FromWorker, ToWorker, WorkerSettings } from './messages.ts';
import { chooseReceiver } from './receiver/choose-receiver.ts';
import { DescriptorTable } from './receiver/descriptor-table.ts';
import { Rotation } from './rotation.ts';
import { newSegmentWriter } from './segment/new-segment-writer.ts';
import type { SegmentWriter } from './segment/segment-writer.ts';
import { packStats, type StreamReading } from './stream-stats.ts';

/** Every call is looked after this often: chunks that get no more frames, reports that are due. */
const TICK_CYCLE_MS = 100;
/** A few calls at a time, so that no command waits until all have been. */
const TURN_MS = 10;
/** A call's streams report their statistics once a second. */
const TICKS_PER_READING = 10;

interface OpenStream {
  readonly stream: MediaStream;
  readonly writer: SegmentWriter;
  /** It ends once what has arrived is read. */
  isClosing: boolean;
}

interface CallMedia {
  /** Its place among the calls that are looked after in turn. */
  place: number;
  ticks: number;
  readonly clock: CallClock;
  readonly streams: Map<number, OpenStream>;
  /** The last of each track whose stream has ended, which the main thread may not know yet. */
  readonly lastOf: Map<number, Pick<Confirmation, 'lastSequence' | 'lastPosition'>>;
  /** Ended streams whose held audio still ages. */
  readonly ended: Map<SegmentWriter, number>;
}

const settings = workerData as WorkerSettings;
const masterKey = Buffer.from(settings.masterKey);
const gates = new GateTable(0, settings.gates);
const pulse = new Pulse(settings.pulse);
const calls = new Map<string, CallMedia>();
const inTurn = new Rotation<CallMedia>(() => TICK_CYCLE_MS);
/** Reads the clock that all threads share. */
const now = () => performance.now() + threadOffsetMs;
const attendance = new Attendance(pulse, settings.mainThreadTimeoutMs, now());
let isAttended = true;

function send(message: FromWorker): void {
  parentPort?.postMessage(message);
}

const receiver = chooseReceiver({
  wanted: settings.receiver,
  host: settings.rtpHost,
  descriptors: new DescriptorTable(0, settings.descriptors),
  now,
  onRead: lookForBeat,
  onFallBack: (why) => send({ type: 'fellBack', why }),
});

const confirmations = new Confirmations((confirmed) =>
  send({ type: 'confirmed', confirmations: confirmed }),
);

/** Confirms first; what the orders have closed is sealed and written in later turns. */
function fence(markers: readonly CallMarker[]): void {
  for (const { callId, marker } of markers) {
    const call = calls.get(callId);
    for (const { stream } of call?.streams.values() ?? []) stream.fence(marker);
    // They keep nothing any more; what they hold back is erased by an order of its own.
    for (const [track, last] of call?.lastOf ?? []) {
      confirmations.add({ callId, order: marker.order, track, ...last, guardMs: null });
    }
  }
  confirmations.flush();
}

function mediaOf(callId: string): CallMedia {
  let call = calls.get(callId);
  if (!call) {
    call = {
      ...{ place: -1, ticks: 0 },
      clock: new CallClock(),
      streams: new Map(),
      lastOf: new Map(),
      ended: new Map(),
    };
    calls.set(callId, call);
    inTurn.add(call, now());
  }
  return call;
}

function holdStream(message: Extract<ToWorker, { type: 'hold' }>): void {
  const { callId, track, held, requestId } = message;
  const open = calls.get(callId)?.streams.get(track);
  if (open) open.stream.hold(held, () => send({ type: 'held', requestId }));
  else send({ type: 'gone', requestId });
}

type Opening = Extract<ToWorker, { type: 'open' }>;

function openStream(message: Opening): void {
  const { callId, slot, spec, port, requestId, resumed, former } = message;
  const call = mediaOf(callId);
  call.clock.originMs ??= message.originMs;
  const clock = new TrackClock(call.clock, spec.clockRate);
  // What an order under way may erase is not written: its cut lies before what this thread, which
  // may have stood still, would write by now.
  const isSettled = () => stream.isSettled && gates.get(slot) !== Gate.Closing;
  const writer = newSegmentWriter(
    { ...settings, masterKey },
    {
      ...message,
      clock,
      commandCameAtMs: () => (isSettled() ? pulse.erasesFromMs : Number.NEGATIVE_INFINITY),
      onSegment: (told) => send({ type: 'segment', callId, track: spec.track, ...told }),
      onFailed: (code) => send({ type: 'storageFailed', callId, code }),
    },
  );
  const { maxHeldAsidePackets, resumeGuardMs } = settings;
  const stream: MediaStream = new MediaStream(spec, {
    callId,
    slot,
    gates,
    receiver,
    maxHeldAsidePackets,
    resumeGuardMs,
    clock,
    writer,
    resumed,
    former,
    now,
    onBegan: (startPosition, initialReason) => {
      const originMs = call.clock.originMs ?? now();
      send({ type: 'began', callId, track: spec.track, startPosition, initialReason, originMs });
    },
    onConfirmed: (confirmation) => confirmations.add(confirmation),
  });
  stream.bind(port, (error) => {
    if (error) {
      send({ type: 'openFailed', requestId, code: error.code ?? 'EUNKNOWN' });
      return;
    }
    call.streams.set(spec.track, { stream, writer, isClosing: false });
    call.lastOf.delete(spec.track);
    if (!isAttended) stream.attend(false);
    send({ type: 'opened', requestId });
  });
}

function closeStream({ callId, track, closedBy, requestId }: Extract<ToWorker, { type: 'close' }>) {
  const call = calls.get(callId);
  const open = call?.streams.get(track);
  if (!call || !open || open.isClosing) return send({ type: 'gone', requestId });
  open.isClosing = true;
  const { stream, writer } = open;
  stream.close(closedBy, (summary) => {
    const closed = { type: 'closed', requestId, summary, source: stream.source } as const;
    call.streams.delete(track);
    const { lastSequence, keptUpTo: lastPosition } = writer;
    call.lastOf.set(track, { lastSequence, lastPosition });
    call.ended.set(writer, track);
    // Waiting for the end of a stream does not include its look-back.
    if (writer.holdsBack) send(closed);
    writer.whenIdle(() => {
      call.ended.delete(writer);
      if (!writer.holdsBack) send(closed);
    });
  });
}

function eraseEnded(message: Extract<ToWorker, { type: 'eraseEnded' }>): void {
  const { requestId, callIds, cutMs, reason } = message;
  const tracks = callIds.flatMap((callId) =>
    [...(calls.get(callId)?.ended ?? [])].flatMap(([writer, track]) => {
      const packets = writer.erase(cutMs, reason);
      return packets === 0 ? [] : [{ callId, track, packets }];
    }),
  );
  send({ type: 'erasedEnded', requestId, tracks });
}

/** Ends a call whose streams have been closed, and waits for what they hold back. */
function endCall({ callId, requestId }: Extract<ToWorker, { type: 'endCall' }>): void {
  const waitingFor = [...(calls.get(callId)?.ended.keys() ?? [])].map(
    (writer) => new Promise<void>((resolve) => writer.whenIdle(resolve)),
  );
  void Promise.all(waitingFor).then(() => {
    const call = calls.get(callId);
    if (call) inTurn.remove(call);
    calls.delete(callId);
    send({ type: 'callEnded', requestId });
  });
}

function onMessage(message: ToWorker): void {
  if (message.type === 'fence') {
    fence(message.markers);
    return;
  }
  const streams = calls.get(message.callId)?.streams;
  switch (message.type) {
    case 'open':
      openStream(message);
      break;
    case 'update':
      streams?.get(message.spec.track)?.stream.update(message.spec);
      send({ type: 'updated', requestId: message.requestId });
      break;
    case 'catchUp':
      for (const { stream } of streams?.values() ?? []) stream.catchUp();
      break;
    case 'hold':
      holdStream(message);
      break;
    case 'close':
      closeStream(message);
      break;
    case 'eraseEnded':
      eraseEnded(message);
      break;
    case 'endCall':
      endCall(message);
      break;
  }
}

/** Checks the beat before packets that a stalled thread finds in its sockets are kept. */
function lookForBeat(nowMs: number): void {
  const wasAttended = isAttended;
  isAttended = attendance.isAttended(nowMs);
  if (isAttended === wasAttended) return;
  for (const { streams } of calls.values()) {
    for (const { stream } of streams.values()) stream.attend(isAttended);
  }
}

function turn(): void {
  const nowMs = now();
  lookForBeat(nowMs);
  inTurn.owe(nowMs);
  const readings: StreamReading[] = [];
  for (let call = inTurn.take(); call; call = inTurn.take()) {
    call.ticks += 1;
    const isRead = call.ticks % TICKS_PER_READING === 0;
    for (const { stream } of call.streams.values()) {
      stream.tick(nowMs, settings.chunkMs);
      if (isRead) readings.push(stream.reading());
    }
    for (const writer of call.ended.keys()) writer.age();
  }
  if (readings.length === 0) return;
  const packed = packStats(readings);
  parentPort?.postMessage({ type: 'stats', packed } satisfies FromWorker, [packed.buffer]);
}

parentPort?.on('message', onMessage);
setInterval(turn, TURN_MS).unref();
