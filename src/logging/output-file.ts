import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** The file took nothing for now: a pipe or terminal whose reader is behind. */
export class NotTakenError extends Error {
  override readonly name = 'NotTakenError';
}

/** The destination of lines. Neither method ever blocks the calling thread. */
export interface OutputFile {
  /**
   * Bytes that were taken, at least one; at once where that is known at once.
   * @throws NotTakenError, or what the system said
   */
  write(bytes: Buffer): number | Promise<number>;
  /** Writes what the file accepts within this turn, for a process that ends. */
  writeNow(bytes: Buffer): void;
}

/**
 * Standard output or error as something that does not block. What Node itself makes of them waits
 * for the reader of a pipe, for a terminal that was stopped and for a disk.
 */
export function openOutput(fd: number): OutputFile {
  const stats = fstatSync(fd);
  if (stats.isSocket()) return socketOutput(fd);
  if (stats.isFIFO() || stats.isCharacterDevice()) return unblockedOutput(fd);
  return diskOutput(fd);
}

/**
 * A pipe or terminal under a description of its own, so that others that share the old one, such as
 * a shell, do not find it in a mode that they did not ask for.
 */
function unblockedOutput(fd: number): OutputFile {
  let own: number;
  try {
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No such folder here, or nobody reads the pipe any more.
    return socketOutput(fd);
  }
  const take = (bytes: Buffer): number => {
    try {
      return writeSync(own, bytes);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') throw new NotTakenError();
      throw cause;
    }
  };
  return {
    write: take,
    writeNow(bytes) {
      for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(take(rest));
    },
  };
}

/** A file: a disk may take its time, and not the main thread's. */
function diskOutput(fd: number): OutputFile {
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, 0, bytes.length, null, (cause, taken) =>
          cause ? reject(cause) : resolve(taken),
        );
      }),
    writeNow: (bytes) => void writeSync(fd, bytes),
  };
}

function socketOutput(fd: number): OutputFile {
  let socket: Socket;
  let lost: Error | undefined;
  try {
    socket = new Socket({ fd, readable: false, writable: true });
    socket.on('error', (cause) => {
      lost = cause;
    });
    socket.unref();
  } catch (cause) {
    const refuse = (): never => {
      throw cause;
    };
    return { write: refuse, writeNow: refuse };
  }
  const write = (bytes: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      if (lost) reject(lost);
      else socket.write(bytes, (cause) => (cause ? reject(cause) : resolve(bytes.length)));
    });
  return { write, writeNow: (bytes) => void socket.write(bytes) };
}
