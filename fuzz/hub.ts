import { WebSocket } from 'ws';
import { exchange } from './exchange.ts';
import { packedRecord } from './messagepack.ts';
import { mutate, nastyText, type Random } from './random.ts';
import type { FuzzTarget } from './target.ts';

const SOCKET_LIFE_MS = 60;
const RECORD_END = '\u{1e}';
const base = '/attendantservice';
const classicActions = [
  'negotiate',
  'connect',
  'start',
  'ping',
  'poll',
  'reconnect',
  'send',
  'abort',
];

/** Holds one conversation with the hub, in either SignalR, over a WebSocket or plain HTTP. */
export async function fuzzHub(
  target: FuzzTarget,
  random: Random,
): Promise<{ sent: string; answer: string }> {
  if (random.chance(0.5)) return overWebSocket(target, random);
  const path = random.chance(0.5) ? coreUrl(random) : classicUrl(random);
  const body = random.chance(0.5)
    ? frame(target, random)
    : `data=${encodeURIComponent(classicFrame(random))}`;
  const lines = [
    `${random.pick(['GET', 'POST', 'DELETE'])} ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...(random.chance(0.3) ? ['Accept: text/event-stream'] : []),
    ...(random.chance(0.3) ? ['Content-Type: application/x-www-form-urlencoded'] : []),
    `Content-Length: ${Buffer.byteLength(body, 'latin1')}`,
  ];
  const sent = `${lines.join('\r\n')}\r\n\r\n${body}`;
  return { sent, answer: await exchange(target.httpPort, Buffer.from(sent, 'latin1'), random) };
}

function overWebSocket(
  target: FuzzTarget,
  random: Random,
): Promise<{ sent: string; answer: string }> {
  const sent: string[] = [];
  return new Promise((resolve) => {
    const url = `ws://127.0.0.1:${target.httpPort}${base}/hubs/recording`;
    const socket = new WebSocket(url);
    const end = (): void => resolve({ sent: sent.join('\n'), answer: '' });
    socket.on('error', end);
    socket.on('close', end);
    socket.on('open', () => {
      const protocol = random.chance(0.5) ? 'json' : 'messagepack';
      const hello = `{"protocol":"${protocol}","version":1}${RECORD_END}`;
      const messages: (string | Buffer)[] = [random.chance(0.9) ? hello : mutate(random, hello)];
      while (messages.length < 4) {
        // A client that negotiated MessagePack may still send text.
        const isPacked = protocol === 'messagepack' && random.chance(0.9);
        messages.push(isPacked ? packedRecord(random, target.ucc) : frame(target, random));
      }
      for (const message of messages) {
        sent.push(typeof message === 'string' ? message : message.toString('latin1'));
        socket.send(message);
      }
      setTimeout(() => (random.chance(0.5) ? socket.terminate() : socket.close()), SOCKET_LIFE_MS);
    });
  });
}

function frame(target: FuzzTarget, random: Random): string {
  const call = {
    type: random.pick([1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99]),
    invocationId: random.chance(0.7) ? String(random.below(9)) : nastyText(random),
    target: random.pick([
      'Subscribe',
      'Unsubscribe',
      'SubscribeCall',
      'constructor',
      nastyText(random),
    ]),
    arguments: [
      random.chance(0.6) ? target.ucc : nastyText(random),
      random.pick([0, -1, null, 1e308, '1', {}]),
    ],
    sequenceId: random.below(9),
  };
  const text = `${JSON.stringify(call)}${RECORD_END}`;
  return random.chance(0.5) ? mutate(random, text) : text;
}

function coreUrl(random: Random): string {
  const path = `${base}/${random.chance(0.2) ? 'v2/' : ''}hubs/recording`;
  const query = `negotiateVersion=${random.below(3)}&id=${encodeURIComponent(nastyText(random).toWellFormed())}`;
  return `${path}${random.chance(0.6) ? '/negotiate' : ''}?${query}`;
}

function classicUrl(random: Random): string {
  const hubs = encodeURIComponent(JSON.stringify([{ name: 'recordinghub' }]));
  const token = encodeURIComponent(nastyText(random).toWellFormed());
  const transport = random.pick(['webSockets', 'serverSentEvents', 'longPolling', 'foreverFrame']);
  const query = `transport=${transport}&clientProtocol=2.1&connectionToken=${token}&connectionData=${hubs}`;
  return `${base}/signalr/${random.pick(classicActions)}?${query}`;
}

function classicFrame(random: Random): string {
  const call = { H: 'recordinghub', M: 'Subscribe', A: [nastyText(random).toWellFormed()], I: 1 };
  const text = JSON.stringify(call);
  return random.chance(0.5) ? mutate(random, text).toWellFormed() : text;
}
