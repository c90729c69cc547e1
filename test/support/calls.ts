import { randomUUID } from 'node:crypto';
import type {
  SipHeader,
  SipUserAgent,
  SipUserAgentOptions,
} from '../../src/protocols/sip/message/types.ts';
import { createSipUserAgent } from '../../src/protocols/sip/user-agent/user-agent.ts';
import type { SrtpSuite } from '../../src/protocols/srtp/suites.ts';
import { markerFrame } from '../../src/simulator/marker-audio.ts';
import { SessionRecordingClient } from '../../src/simulator/session-recording-client.ts';
import type { ServerOffers, SimulatedCall } from '../../src/simulator/simulated-call.ts';
import type { SentFrame } from '../../src/simulator/verdict.ts';
import { agent, type TestHush, ucc } from './hush/hush.ts';

/** A live call whose two streams send numbered frames. */
export interface MarkerCall {
  readonly correlationId: string;
  readonly call: SimulatedCall;
  /** Each stream's tag in the frames, and the frames it sent. */
  readonly streams: readonly { readonly tag: number; readonly sent: SentFrame[] }[];
  /** Resolves when `count` frames of the first stream were sent. */
  frames(count: number): Promise<void>;
}

/** A Session Recording Client with a user agent of its own. */
export class TestCaller {
  readonly userAgent: SipUserAgent;
  readonly client: SessionRecordingClient;
  #nextTag = 1;

  private constructor(userAgent: SipUserAgent) {
    this.userAgent = userAgent;
    this.client = new SessionRecordingClient(userAgent);
  }

  static async open(more: Pick<SipUserAgentOptions, 'tls'> = {}): Promise<TestCaller> {
    const userAgent = await createSipUserAgent({
      host: '127.0.0.1',
      udpPort: 0,
      tcpPort: 0,
      userAgent: 'test',
      ...more,
      limits: {
        maxMessageBytes: 65_535,
        maxTcpConnections: 100,
        tcpIdleTimeoutMs: 60_000,
        maxTransactions: 10_000,
      },
      onInvite: (invite) => invite.reject({ statusCode: 405 }),
    });
    return new TestCaller(userAgent);
  }

  /** Places a call of `hush`'s demo UCC with an agent's and a caller's stream of marker frames. */
  async call(
    hush: Pick<TestHush, 'peer'>,
    options: {
      correlationId?: string;
      uccName?: string;
      silent?: boolean;
      serverOffers?: ServerOffers;
      headers?: readonly SipHeader[];
      srtp?: SrtpSuite;
    } = {},
  ): Promise<MarkerCall> {
    const correlationId = options.correlationId ?? randomUUID();
    const streams = [0, 1].map(() => ({ tag: this.#nextTag++, sent: [] as SentFrame[] }));
    const waiting: { count: number; resolve(): void }[] = [];
    const call = await this.client.placeCall({
      peer: hush.peer,
      requestUri: `sip:${options.uccName ?? ucc}@127.0.0.1`,
      ...(options.srtp ? { srtp: options.srtp } : {}),
      ...(options.serverOffers ? { serverOffers: options.serverOffers } : {}),
      headers: [{ name: 'X-Correlation-Id', value: correlationId }, ...(options.headers ?? [])],
      participants: streams.map(({ tag, sent }, side) => ({
        aor: side === 0 ? agent : 'tel:+31880000000',
        source: (index: number) => (options.silent ? undefined : markerFrame(tag, index)),
        onSent: (index: number, _: number, sentAtMs: number) => {
          sent.push({ index, sentAtMs });
          if (side !== 0) return;
          for (const waiter of waiting) if (sent.length >= waiter.count) waiter.resolve();
        },
      })),
    });
    return {
      correlationId,
      call,
      streams,
      frames: (count) =>
        new Promise((resolve) => {
          if ((streams[0]?.sent.length ?? 0) >= count) resolve();
          else waiting.push({ count, resolve });
        }),
    };
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.userAgent.close();
  }
}
