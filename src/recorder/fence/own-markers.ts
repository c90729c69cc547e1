import type { Socket } from 'node:dgram';
import { buildMarker, type Marker, type MarkerAction } from './marker.ts';

/** A marker that a full socket queue may have dropped is sent again this often. */
const RESEND_INTERVAL_MS = 200;

/** Markers that a stream sends to its own socket: what waits there is read before they are. */
export class OwnMarkers {
  readonly #socket: Socket;
  readonly #secret: Buffer;
  readonly #waiting = new Map<MarkerAction, { timer: NodeJS.Timeout; onRead(): void }>();

  constructor(socket: Socket, secret: Buffer) {
    this.#socket = socket;
    this.#secret = secret;
  }

  send(marker: Omit<Marker, 'order'>, onRead: () => void): void {
    const { action } = marker;
    const datagram = buildMarker(this.#secret, { ...marker, order: 0 });
    const { address, port } = this.#socket.address();
    const host = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
    const send = (): void => this.#socket.send(datagram, port, host, () => {});
    const timer = setInterval(send, RESEND_INTERVAL_MS);
    this.#waiting.set(action, { timer, onRead });
    send();
  }

  /** The marker came: whoever sent it goes on. One that was sent twice is read once. */
  read(action: MarkerAction): void {
    const waiting = this.#waiting.get(action);
    this.#waiting.delete(action);
    clearInterval(waiting?.timer);
    waiting?.onRead();
  }

  close(): void {
    for (const { timer } of this.#waiting.values()) clearInterval(timer);
    this.#waiting.clear();
  }
}
