import type { MediaAddress } from '../intake/source-latch.ts';

/**
 * Room asked for in a socket's queue, bytes; Linux doubles it for its own accounts, and grants no
 * more than `net.core.rmem_max`. Its default is full of L16 after 0.9 s.
 */
export const QUEUE_BYTES = 524_288;

/** `media`: a stream's packets; `control`: its RTCP, which may wait for longer. */
export type Traffic = 'media' | 'control';

/**
 * Takes a datagram, whose bytes are the callee's until it returns.
 * @param cameAtMs monotonic ms at which it reached the host, as far as that is known
 */
export type OnDatagram = (datagram: Buffer, from: MediaAddress, cameAtMs: number) => void;

export interface ReceiverOptions {
  /** Literal address to bind sockets to. */
  readonly host: string;
  /** Monotonic ms, on the clock of all threads. */
  now(): number;
  /** Called before datagrams that are read at that moment are given to their streams. */
  onRead(nowMs: number): void;
}

/** Opens the sockets of one media thread, and reads them. */
export interface MediaReceiver {
  /** Opens a socket that is not bound yet. */
  open(traffic: Traffic, onDatagram: OnDatagram): MediaSocket;
  /**
   * Returns the earliest arrival, monotonic ms, of the datagram that is being read, or of one that
   * could be read now, and that seems to have come then.
   */
  cameAfterMs(cameAtMs: number): number;
}

/** A UDP socket. It sends to literal addresses only: no datagram waits for a resolver. */
export interface MediaSocket {
  /** Binds the port for this socket alone; a refused socket is closed. */
  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void;
  /** Sends what can be sent at once; nobody is told of what cannot. */
  send(datagram: Buffer, to: MediaAddress): void;
  /**
   * Calls back once everything that has reached the socket by now has been read, and nothing of
   * what came after the callback: the socket's side of a fence (docs/decisions/0002).
   */
  afterArrived(callback: () => void): void;
  /**
   * Datagrams that the system dropped because the queue was full, before the last one that was
   * read; 0 where it does not tell.
   */
  readonly overflowed: number;
  /** Asks the system for all it has dropped by now, those behind the last datagram among them. */
  countOverflowed(): number;
  close(): void;
}
