import { LineLimit } from '../../domain/common/line-limit.ts';
import type { Log } from '../../domain/ports/log.ts';
import { header } from '../../protocols/sip/message/headers.ts';
import { parseMessage } from '../../protocols/sip/message/parser.ts';
import type {
  SipHeader,
  SipPeer,
  SipRequest,
  SipResponse,
} from '../../protocols/sip/message/types.ts';
import { loggedCallId, MASK, withoutSecrets } from './without-secrets.ts';

/** Limit of the trace; messages beyond it are counted. */
const MESSAGES_PER_SECOND = 200;
/** Methods whose bodies and headers carry digits. */
const bearsDigits = /^(?:INFO|NOTIFY|MESSAGE|PUBLISH)$/;
const shownOfThose = /^(?:via|from|to|call-id|cseq)$/i;

/** Credentials, signed tokens (RFC 8224), and data of callers in any encoding (RFC 7433). */
const secretHeaders: readonly RegExp[] = [
  /^user-to-user$/i,
  /^(?:(?:proxy-)?authorization|authentication-info|identity|(?:set-)?cookie)$/i,
  /token|secret|passw|key/i,
];

type Message = SipRequest | SipResponse;

/**
 * Logs SIP messages at debug level: start line, headers and session description. Messages are not
 * parsed while the level is off.
 */
export class SipTrace {
  readonly #log: Log;
  readonly #limit = new LineLimit(MESSAGES_PER_SECOND);

  constructor(log: Log) {
    this.#log = log;
  }

  message(direction: 'in' | 'out', data: Buffer, { address, port, transport }: SipPeer): void {
    if (!this.#log.isLevelEnabled('debug')) return;
    const limited = this.#limit.take();
    const message = limited && messageIn(data);
    if (message === undefined) return;
    const sipCallId = loggedCallId(message);
    const peer = `${transport} ${address}:${port}`;
    const shown = { sip: headOf(message), sdp: descriptionIn(message.body) };
    this.#log.debug({ direction, peer, sipCallId, ...shown, ...limited }, startLine(message));
  }
}

function messageIn(data: Buffer): Message | undefined {
  const parsed = parseMessage(data);
  if (parsed.kind === 'request') return parsed.request;
  return parsed.kind === 'response' ? parsed.response : undefined;
}

function startLine(message: Message): string {
  if ('statusCode' in message) return `SIP/2.0 ${message.statusCode} ${message.reason}`;
  return `${message.method} ${withoutSecrets(message.requestUri)} SIP/2.0`;
}

function headOf(message: Message): string[] {
  const method = header(message, 'CSeq')?.split(/\s+/).at(-1) ?? '';
  const shown = bearsDigits.test(method)
    ? message.headers.filter(({ name }) => shownOfThose.test(name))
    : message.headers;
  return shown.map((one) => `${one.name}: ${maskedValue(one)}`);
}

function maskedValue({ name, value }: SipHeader): string {
  return secretHeaders.some((secret) => secret.test(name)) ? MASK : withoutSecrets(value);
}

const keyLine = /^(?:k=|a=(?:crypto|key-mgmt|x-?key)\b)/i;

/** Returns the lines of the session description in a body, keys masked, if there is one. */
export function descriptionIn(body: Buffer): string[] | undefined {
  const lines = body.toString('latin1').split(/\r\n|\r|\n/);
  const first = lines.findIndex((line) => /^v=0\s*$/.test(line));
  if (first < 0) return undefined;
  const behind = lines.findIndex((line, index) => index > first && !/^[a-z]=/i.test(line));
  const description = lines.slice(first, behind < 0 ? undefined : behind);
  return description.map((line) => (keyLine.test(line) ? maskedKey(line) : line));
}

/** Keeps the suite, which explains why two sides do not agree. */
function maskedKey(line: string): string {
  const suite = /^a=crypto:\s*\d+\s+[\w-]+/i.exec(line)?.[0];
  const name = /^[ak]=(?:[\w-]+:)?/i.exec(line)?.[0] ?? '';
  return `${suite ?? name} ${MASK}`;
}
