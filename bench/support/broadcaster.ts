// Broadcasts events to all WebSocket clients, through Hush's hub or, as the baseline, with bare
// `ws` and the same bytes. Runs in a process of its own.

import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { InProcessBus } from '../../src/bus/in-process.ts';
import { anonymous } from '../../src/domain/access/access.ts';
import { EventFeed } from '../../src/domain/event/event-feed.ts';
import type { RecordingEvent } from '../../src/domain/model/recording-event.ts';
import { StateAction } from '../../src/domain/model/recording-state.ts';
import { newUcc } from '../../src/domain/model/ucc.ts';
import { stateChangedEvent, stateChangedPayload } from '../../src/hub/hub-contract.ts';
import { RecordingHub } from '../../src/hub/recording-hub.ts';

export interface BroadcastRequest {
  readonly seconds: number;
  /** Events per event-loop turn. */
  readonly burst: number;
}

export interface BroadcastResult {
  readonly events: number;
}

/** Bytes that all sockets may hold back before the next event is made. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

const http = createServer();
const sockets = new Set<Socket>();
http.on('connection', (socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
const publish = process.argv[2] === 'hub' ? hubPublisher() : barePublisher();
http.listen(0, '127.0.0.1', () => process.send?.({ port: (http.address() as AddressInfo).port }));

process.on('message', (request: BroadcastRequest | { type: 'cpu' }) => {
  if ('seconds' in request) void run(request).then((result) => process.send?.(result));
  else {
    const { user, system } = process.cpuUsage();
    process.send?.({ microseconds: user + system });
  }
});

function hubPublisher(): (event: RecordingEvent) => void {
  const onError = (cause: unknown): void => console.error(cause);
  const bus = new InProcessBus(onError);
  const hub = new RecordingHub({
    feed: new EventFeed(bus, { events: async () => [], eventsInOrder: async () => [] }),
    maxConnections: 10_000,
    maxBacklogBytes: 8 * 1024 * 1024,
    onError,
    longPollTimeoutMs: 50_000,
    keepAliveMs: 15_000,
    aliases: { names: [], paths: [] },
    ucc: newUcc,
    auditRead: async () => undefined,
    auditDenied: async () => undefined,
    isOriginAllowed: () => true,
    isCurrent: () => true,
  });
  http.on('upgrade', (request, socket, head) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'http://hub');
    const caller = { principal: anonymous('admin'), address: '', surface: 'v1' } as const;
    hub.handleUpgrade(request, socket, head, { path, query, caller });
  });
  return (event) => bus.publish(event);
}

function barePublisher(): (event: RecordingEvent) => void {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  // The clients shake hands as with a hub.
  server.on('connection', (client) => client.once('message', () => client.send('{}\x1e')));
  return (event) => {
    const message = { type: 1, target: stateChangedEvent, arguments: [stateChangedPayload(event)] };
    const bytes = Buffer.from(`${JSON.stringify(message)}\x1e`);
    for (const client of server.clients) client.send(bytes, { binary: false });
  };
}

async function run({ seconds, burst }: BroadcastRequest): Promise<BroadcastResult> {
  const until = performance.now() + seconds * 1000;
  let events = 0;
  while (performance.now() < until) {
    for (let count = 0; count < burst; count += 1) publish(eventOf(StateAction.Mark));
    events += burst;
    do await nextTurn();
    while (waitingBytes() > MAX_WAITING_BYTES);
  }
  // The last event of a run has another action, by which clients recognize it.
  publish(eventOf(StateAction.Stop));
  return { events: events + 1 };
}

function waitingBytes(): number {
  let bytes = 0;
  for (const socket of sockets) bytes += socket.writableLength;
  return bytes;
}

function eventOf(action: RecordingEvent['action']): RecordingEvent {
  return {
    type: 'recordingStateChanged',
    uccName: 'ucc-demo-name',
    sequence: 1,
    at: 0,
    action,
    position: 1,
    callId: '',
    correlationId: '1d6c6a58-6739-4f0c-98ff-0968292c8c30',
    requester: null,
    owner: null,
    alarm: null,
    recordingState: 1,
    markingState: 1,
    savingState: 0,
    gapStartedAt: null,
    gapEndedAt: null,
  };
}
process.once('disconnect', () => process.exit());
