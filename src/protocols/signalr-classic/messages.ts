import { ClassicRequestError } from './errors.ts';
import { property } from './json.ts';

/** A client method invocation as it appears in `M`. */
export interface EncodedMessage {
  readonly json: string;
  readonly bytes: number;
}

/** Further names of one hub are encoded anew each time. */
const MAX_KEPT_NAMES = 64;

/**
 * `{H,M,A}`: hub, method and arguments (Hubs/ClientHubInvocation.cs), encoded once for all clients
 * that call the hub by the same name.
 */
export class HubMessage {
  /** The declared hub's key. */
  readonly hub: string;
  readonly #rest: string;
  readonly #byName = new Map<string, EncodedMessage>();

  constructor(hub: string, method: string, args: readonly unknown[]) {
    this.hub = hub;
    this.#rest = JSON.stringify({ M: method, A: args }).slice(1);
  }

  /** Returns the message for a client that calls the hub by that name. */
  under(name: string): EncodedMessage {
    const known = this.#byName.get(name);
    if (known) return known;
    const json = `{"H":${JSON.stringify(name)},${this.#rest}`;
    const message = { json, bytes: Buffer.byteLength(json) };
    if (this.#byName.size < MAX_KEPT_NAMES) this.#byName.set(name, message);
    return message;
  }
}

/** The fields of a frame besides its messages. */
export interface FrameFlags {
  /** `S`: the init message, which makes the client send its start request. */
  readonly isInit?: boolean;
  /** `T`: the client should reconnect, because the server goes away. */
  readonly isReconnect?: boolean;
  /**
   * `D` and `E`: the connection is over. Protocol 2.0 clients stop at `E` and ignore `D`; those of
   * other makers stop at `D` (jquery.signalR 2.4.3, processMessages; the Java client, D).
   */
  readonly endReason?: string;
}

export interface Frame extends FrameFlags {
  /** `C`: the value that the client sends back as `messageId`. */
  readonly cursor: string;
  readonly groupsToken?: string | undefined;
  readonly messages: readonly EncodedMessage[];
}

/** Encodes the persistent response (Transports/PersistentResponse.cs, WriteJson). */
export function encodeFrame(frame: Frame): string {
  const head = JSON.stringify({
    C: frame.cursor,
    S: frame.isInit ? 1 : undefined,
    T: frame.isReconnect ? 1 : undefined,
    D: frame.endReason === undefined ? undefined : 1,
    E: frame.endReason,
    G: frame.groupsToken,
  });
  return `${head.slice(0, -1)},"M":[${frame.messages.map((message) => message.json).join(',')}]}`;
}

/** Encodes the answer to a client whose connection, or position in it, the server no longer has. */
export function encodeEnd(endReason: string): string {
  return encodeFrame({ cursor: '', messages: [], endReason });
}

/** A hub call. One without an id is not answered. */
export interface Invocation {
  readonly hub: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly id: string | undefined;
}

/** Parses `{H,M,A,I}` (Hubs/HubRequestParser.cs); the round-tripped state `S` is not supported. */
export function parseInvocation(text: string): Invocation {
  const call = parseObject(text);
  const [hub, method, id] = [property(call, 'H'), property(call, 'M'), property(call, 'I')];
  const args = property(call, 'A') ?? [];
  if (typeof hub !== 'string' || typeof method !== 'string' || !Array.isArray(args)) {
    throw new ClassicRequestError(400, 'A hub call needs a hub H, a method M and arguments A.');
  }
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    throw new ClassicRequestError(400, 'The id I of a hub call is a number or a text.');
  }
  return { hub, method, args, id: id === undefined || id === null ? undefined : String(id) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>;
    }
  } catch {
    // Answered below, together with JSON that is no object.
  }
  throw new ClassicRequestError(400, 'A hub call is a JSON object.');
}
