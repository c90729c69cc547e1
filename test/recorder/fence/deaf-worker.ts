import { Socket } from 'node:dgram';

/* The recorder's own media thread, which loses every marker once it is told to. */
const channel = new BroadcastChannel('deaf');
let deaf = false;
channel.onmessage = ({ data }: { data: unknown }) => {
  if (typeof data !== 'boolean') return;
  deaf = data;
  channel.postMessage('done');
};
channel.unref();

const { emit } = Socket.prototype;
Socket.prototype.emit = function (this: Socket, name: string, ...args: unknown[]): boolean {
  const [datagram] = args;
  const isMarker = datagram instanceof Buffer && ((datagram[0] ?? 0) & 0xc0) === 0x40;
  if (deaf && name === 'message' && isMarker) return true;
  return Reflect.apply(emit, this, [name, ...args]) as boolean;
};

await import('../../../src/recorder/worker.ts');
