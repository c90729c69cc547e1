import type {
  IncomingInvite,
  OutgoingInvite,
  SipBody,
  SipDialog,
  SipDialogHandler,
  SipDialogRequest,
  SipDropReason,
  SipLimits,
  SipPeer,
  SipRequest,
  SipTransportName,
  SipUserAgent,
  SipUserAgentOptions,
} from '../../../src/protocols/sip/message/types.ts';
import type { SipTimers } from '../../../src/protocols/sip/transaction/timers.ts';
import { createSipUserAgent } from '../../../src/protocols/sip/user-agent/user-agent.ts';

export const HOST = '127.0.0.1';
/** T1 of 10 ms: 64*T1, after which everything is given up, is 640 ms. */
export const FAST: Partial<SipTimers> = { t1Ms: 10, tryingMs: 5 };

export const LIMITS: SipLimits = {
  maxMessageBytes: 65_536,
  maxTcpConnections: 20,
  tcpIdleTimeoutMs: 30_000,
  maxTransactions: 20_000,
};

export const SDP: SipBody = {
  contentType: 'application/sdp',
  content: Buffer.from('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n'),
};

/** Values that were put in before or after somebody asked for them. */
export class Inbox<T> {
  readonly #values: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  get count(): number {
    return this.#values.length;
  }

  put(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(value);
    else this.#values.push(value);
  }

  take(): Promise<T> {
    const value = this.#values.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** A dialog handler that answers everything 200 and keeps what it heard. */
export class TestHandler implements SipDialogHandler {
  readonly heard = new Inbox<string>();
  readonly requests: SipDialogRequest[] = [];
  answer: ((incoming: SipDialogRequest) => void) | undefined;
  onAck: (request: SipRequest) => void = () => undefined;

  onReinvite(incoming: SipDialogRequest): void {
    this.#take('reinvite', incoming);
  }

  onUpdate(incoming: SipDialogRequest): void {
    this.#take('update', incoming);
  }

  onInfo(incoming: SipDialogRequest): void {
    this.#take('info', incoming);
  }

  onBye(): void {
    this.heard.put('bye');
  }

  onAckTimeout(): void {
    this.heard.put('ackTimeout');
  }

  #take(name: string, incoming: SipDialogRequest): void {
    this.requests.push(incoming);
    if (this.answer) this.answer(incoming);
    else incoming.reply({ statusCode: 200, ...(name === 'info' ? {} : { body: SDP }) });
    this.heard.put(name);
  }
}

export class TestAgent {
  readonly invites = new Inbox<IncomingInvite>();
  readonly dialogs = new Inbox<SipDialog>();
  readonly handler = new TestHandler();
  readonly dropped: SipDropReason[] = [];
  onInvite = (invite: IncomingInvite): void => {
    this.dialogs.put(invite.accept({ statusCode: 200, body: SDP }, this.handler));
  };
  agent: SipUserAgent | undefined;

  get ua(): SipUserAgent {
    if (this.agent === undefined) throw new Error('not started');
    return this.agent;
  }

  peer(transport: SipTransportName = 'UDP'): SipPeer {
    const port = transport === 'UDP' ? this.ua.udpPort : this.ua.tcpPort;
    return { address: HOST, port: port ?? 0, transport };
  }
}

const running: { close(): unknown }[] = [];

export function closeLater(entry: { close(): unknown }): void {
  running.push(entry);
}

/** Closes what the helpers of this file opened. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((entry) => entry.close()));
}

export async function startAgent(
  overrides: Partial<SipUserAgentOptions> = {},
  timers = FAST,
): Promise<TestAgent> {
  const test = new TestAgent();
  test.agent = await createSipUserAgent(
    {
      host: HOST,
      udpPort: 0,
      tcpPort: 0,
      userAgent: 'hush-test',
      limits: LIMITS,
      onInvite: (invite) => {
        test.invites.put(invite);
        return test.onInvite(invite);
      },
      onDropped: (reason) => test.dropped.push(reason),
      ...overrides,
    },
    { timers },
  );
  closeLater(test.agent);
  return test;
}

export function callTo(peer: SipPeer, handler: SipDialogHandler): OutgoingInvite {
  return {
    peer,
    requestUri: `sip:4711@${peer.address}:${peer.port}`,
    from: '"A, \\"b\\"" <sip:alice@client.example>',
    to: 'sip:4711@hush.example',
    body: SDP,
    handler,
  };
}
