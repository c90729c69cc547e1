import { randomUUID } from 'node:crypto';
import type { SipUserAgent } from '../protocols/sip/message/types.ts';
import { createSipUserAgent } from '../protocols/sip/user-agent/user-agent.ts';
import { SessionRecordingClient } from '../simulator/session-recording-client.ts';
import type { SimulatedCall } from '../simulator/simulated-call.ts';
import { type Conversation, frameOf, loadConversations } from './speech.ts';

export const demoUcc = 'ucc-demo-name';
export const demoAgents = ['sip:agent@domain.com', 'sip:eva@domain.com', 'sip:tom@domain.com'];
export const demoSupervisor = 'sip:supervisor@domain.com';

const FRAME_MS = 20;
/** Pause between a conversation's end and the next call on its line. */
const IDLE_MS = 2_000;
/** One caller stays on the line this long, so that there is time to try a command on the call. */
const LONG_CALL_FRAMES = (10 * 60 * 1000) / FRAME_MS;

export interface ContactCentreOptions {
  readonly sipPort: number;
  /** `http://127.0.0.1:8080` */
  readonly api: string;
  /** Called for the line on which a caller stays long enough to try commands. */
  onLongCall(correlationId: string): void;
  onProblem(message: string): void;
}

/**
 * A contact centre in a process: agents and callers whose calls reach Hush as real SIPREC over SIP,
 * with real RTP. While a caller reads out a card number, its payment page pauses the recorder over
 * the API.
 */
export class ContactCentre {
  readonly #options: ContactCentreOptions;
  readonly #conversations: readonly Conversation[] = loadConversations();
  readonly #timers = new Set<NodeJS.Timeout>();
  #userAgent: SipUserAgent | undefined;
  #client: SessionRecordingClient | undefined;
  #closed = false;

  constructor(options: ContactCentreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#userAgent = await createSipUserAgent({
      host: '127.0.0.1',
      udpPort: 0,
      userAgent: 'Hush demo contact centre',
      limits: {
        maxMessageBytes: 65_535,
        maxTcpConnections: 1,
        tcpIdleTimeoutMs: 60_000,
        maxTransactions: 1_000,
      },
      onInvite: (invite) => invite.reject({ statusCode: 405 }),
    });
    this.#client = new SessionRecordingClient(this.#userAgent);
    demoAgents.forEach((_, line) => {
      void this.#work(line, Math.max(0, line - 1));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#client?.close();
    await this.#userAgent?.close();
  }

  /** Works an agent's day, call after call. The first agent has the long one. */
  async #work(line: number, turn: number): Promise<void> {
    const conversation = this.#conversations[turn % this.#conversations.length] as Conversation;
    const long = line === 0;
    try {
      await this.#serve(line, long ? (this.#conversations[1] as Conversation) : conversation, long);
    } catch (cause) {
      this.#problem('a demo call failed', cause);
    }
    this.#after(IDLE_MS, () => void this.#work(line, turn + 1));
  }

  /** Makes one call, from its INVITE to its BYE. */
  async #serve(line: number, conversation: Conversation, long: boolean): Promise<void> {
    const correlationId = randomUUID();
    const agent = demoAgents[line] as string;
    const frames = long ? LONG_CALL_FRAMES : conversation.frames;
    const ended = Promise.withResolvers<void>();
    const call = await this.#place(agent, conversation, {
      correlationId,
      onFrame: (frame) => {
        if (!long) this.#payment(frame, conversation, { agent, correlationId });
        if (frame === frames) ended.resolve();
      },
    });
    call?.onEnded(() => ended.resolve());
    if (long) this.#options.onLongCall(correlationId);
    await ended.promise;
    await call?.end();
  }

  async #place(
    agent: string,
    conversation: Conversation,
    call: { correlationId: string; onFrame(frame: number): void },
  ): Promise<SimulatedCall | undefined> {
    return this.#client?.placeCall({
      peer: { address: '127.0.0.1', port: this.#options.sipPort, transport: 'UDP' },
      requestUri: `sip:${demoUcc}@127.0.0.1:${this.#options.sipPort}`,
      headers: [{ name: 'X-Correlation-Id', value: call.correlationId }],
      participants: [
        {
          aor: agent,
          name: 'Agent',
          source: (frame) => frameOf(conversation.agent, frame),
          onSent: (frame) => call.onFrame(frame),
        },
        {
          aor: 'tel:+31880000000',
          name: 'Caller',
          source: (frame) => frameOf(conversation.caller, frame),
        },
      ],
    });
  }

  /** Acts as a payment page: pauses before the card number and starts after it. */
  #payment(
    frame: number,
    { card }: Conversation,
    call: { agent: string; correlationId: string },
  ): void {
    if (frame === card?.from) void this.#command('Pause', call);
    if (frame === card?.to) void this.#command('Start', call);
  }

  async #command(action: string, call: { agent: string; correlationId: string }): Promise<void> {
    try {
      const response = await fetch(`${this.#options.api}/attendantservice/api/recording/set`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          Action: action,
          RequesterSipUri: call.agent,
          CorrelationId: call.correlationId,
          UCCName: demoUcc,
        }),
      });
      const answer = (await response.json()) as { ErrorMessage: { Message: string } | null };
      if (answer.ErrorMessage) this.#options.onProblem(answer.ErrorMessage.Message);
    } catch (cause) {
      this.#problem(`the payment page's ${action} failed`, cause);
    }
  }

  #problem(what: string, cause: unknown): void {
    if (!this.#closed) this.#options.onProblem(`${what}: ${(cause as Error).message}`);
  }

  #after(ms: number, task: () => void): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      task();
    }, ms);
    this.#timers.add(timer);
  }
}
