import { connect } from 'node:net';
import type { Random } from './random.ts';

/** An answer that takes longer is a hang; endless streams are cut off before. */
const ANSWER_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
const STREAM_MS = 20;
/** The server's own time-out for incomplete requests is not awaited longer than this. */
const SILENCE_MS = 150;

/**
 * Sends the bytes, sometimes split in two, and returns the answer; empty if the server rightly
 * waits for more or has hung up.
 * @throws Error if an answer began and never ended
 */
export function exchange(port: number, bytes: Buffer, random: Random): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const isHead = bytes.toString('latin1', 0, 5) === 'HEAD ';
    const end = (): void => {
      clearTimeout(timer);
      clearTimeout(silence);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      socket.destroy();
      const begun = answer.slice(0, 300);
      reject(new Error(`no end of ${begun} to ${bytes.toString('latin1', 0, 500)}`));
    }, ANSWER_TIMEOUT_MS);
    const silence = setTimeout(() => {
      if (answer === '') end();
    }, SILENCE_MS);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (answer.length > MAX_ANSWER_BYTES) end();
      else if (isWhole(answer, isHead)) end();
      else if (isEndless(answer)) setTimeout(end, STREAM_MS);
    });
    const cut = random.chance(0.2) ? random.below(bytes.length) : bytes.length;
    socket.write(bytes.subarray(0, cut));
    if (cut < bytes.length) setImmediate(() => socket.write(bytes.subarray(cut)));
  });
}

/**
 * True when an answer on a connection that stays open has its full length; others end with the
 * connection.
 */
function isWhole(answer: string, isHead: boolean): boolean {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  if (isHead) return true;
  const length = /^content-length: (\d+)/im.exec(answer.slice(0, end))?.[1];
  if (length !== undefined) return answer.length - end - 4 >= Number(length);
  return /^HTTP\/1\.1 (204|304) /.test(answer) || answer.endsWith('\r\n0\r\n\r\n');
}

/** True for events, and for a call in progress: whole recordings have a length. */
function isEndless(answer: string): boolean {
  if (/^content-type: text\/event-stream/im.test(answer)) return true;
  return /^content-type: audio\/wav/im.test(answer) && !/^content-length: /im.test(answer);
}
