import { Dialog } from '../dialog/dialog.ts';
import { sendInvite } from '../dialog/outgoing-invite.ts';
import type { SipStack } from '../dialog/stack.ts';
import type { Destination } from '../message/destination.ts';
import { SipClosedError } from '../message/errors.ts';
import { guard } from '../message/guard.ts';
import { Identity } from '../message/identity.ts';
import { parseMessage } from '../message/parser.ts';
import type {
  DigestRules,
  OutgoingInvite,
  SipDialog,
  SipDialogHandler,
  SipDialogState,
  SipDropReason,
  SipPeer,
  SipUserAgent,
  SipUserAgentOptions,
} from '../message/types.ts';
import { type SipTimers, sipTimers } from '../transaction/timers.ts';
import { TransactionLayer } from '../transaction/transaction-layer.ts';
import { ProvenSources } from '../transport/proven-sources.ts';
import type { TransportEvents } from '../transport/transport.ts';
import { Transports } from '../transport/transports.ts';
import { DigestAuthenticator } from './digest-authenticator.ts';
import { RequestAdmission } from './request-admission.ts';
import { RequestDispatcher } from './request-dispatcher.ts';

/** Settings of tests, or of an owner with special needs, beside the options. */
export interface SipUserAgentSettings {
  readonly timers?: Partial<SipTimers>;
  /** Appended to every Contact, such as `+sip.srs` (RFC 7866 section 6.2). */
  readonly contactParameters?: string;
}

/** Listens and resolves; rejects with SipBindError when a port cannot be taken. */
export async function createSipUserAgent(
  options: SipUserAgentOptions,
  settings: SipUserAgentSettings = {},
): Promise<SipUserAgent> {
  let agent: UserAgent | undefined;
  const events: TransportEvents = {
    isAllowed: (address) => options.isAllowed?.(address) ?? true,
    // The last resort: no message can end the process, whatever it does to the stack.
    onMessage: (data, peer) => guard(() => agent?.receive(data, peer)),
    onBroken: (head, reason, peer) => guard(() => agent?.refuseBroken(head, reason, peer)),
    onDropped: (reason, peer) => guard(() => options.onDropped?.(reason, peer)),
  };
  const transports = await Transports.listen(options, events);
  agent = new UserAgent({ options, settings, transports });
  return agent;
}

function authenticatorOf(rules: DigestRules, { digestGuard: guard }: SipUserAgentOptions) {
  return new DigestAuthenticator(rules, () => Date.now(), guard);
}

interface UserAgentParts {
  readonly options: SipUserAgentOptions;
  readonly settings: SipUserAgentSettings;
  readonly transports: Transports;
}

class UserAgent implements SipUserAgent {
  readonly udpPort: number | undefined;
  readonly tcpPort: number | undefined;
  readonly tlsPort: number | undefined;
  readonly #options: SipUserAgentOptions;
  readonly #transports: Transports;
  readonly #stack: SipStack;
  readonly #dispatcher: RequestDispatcher;
  #closed: Promise<void> | undefined;

  constructor({ options, settings, transports }: UserAgentParts) {
    this.#options = options;
    this.#transports = transports;
    this.udpPort = transports.port('UDP');
    this.tcpPort = transports.port('TCP');
    this.tlsPort = transports.port('TLS');
    this.#stack = this.#createStack(settings);
    this.#dispatcher = new RequestDispatcher({
      stack: this.#stack,
      admission: new RequestAdmission({
        stack: this.#stack,
        maxTransactions: options.limits.maxTransactions,
        inviteDelaySeconds: (load) => options.inviteDelaySeconds?.(load) ?? 0,
        ...(options.digest ? { authenticator: authenticatorOf(options.digest, options) } : {}),
      }),
      onInvite: (invite) => options.onInvite(invite),
      onDropped: (reason, peer) => this.#drop(reason, peer),
      send: (data, destination) => void this.#send(data, destination),
    });
  }

  invite(outgoing: OutgoingInvite): ReturnType<SipUserAgent['invite']> {
    return sendInvite(this.#stack, outgoing);
  }

  restoreDialog(state: SipDialogState, handler: SipDialogHandler): SipDialog {
    if (this.#closed !== undefined) throw new SipClosedError();
    return new Dialog({ stack: this.#stack, state, handler });
  }

  /** Stops at once without telling the peers: another process may continue the dialogs. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  receive(data: Buffer, peer: SipPeer): void {
    if (this.#closed !== undefined) return;
    const parsed = parseMessage(data);
    if (parsed.kind === 'request') this.#dispatcher.receive(parsed.request, peer);
    else if (parsed.kind === 'response') {
      const matched = this.#stack.transactions.receiveResponse(parsed.response);
      if (!matched) this.#drop('unmatchedResponse', peer);
    } else {
      this.#drop('malformed', peer);
      const { request, statusCode } = parsed;
      if (request !== undefined) this.#dispatcher.answerStateless(request, peer, { statusCode });
    }
  }

  /** Tells the sender why it was not read, if it is a request at all. */
  refuseBroken(head: Buffer, reason: 'malformed' | 'tooLarge', peer: SipPeer): void {
    const parsed = parseMessage(head);
    if (this.#closed !== undefined || parsed.kind === 'response') return;
    const { request } = parsed;
    if (request === undefined) return;
    const reply =
      reason === 'tooLarge'
        ? { statusCode: 513 }
        : { statusCode: 400, reason: 'Bad Content-Length' };
    this.#dispatcher.answerStateless(request, peer, reply);
  }

  #createStack({ timers, contactParameters }: SipUserAgentSettings): SipStack {
    const ports = { UDP: this.udpPort, TCP: this.tcpPort, TLS: this.tlsPort };
    const identity = new Identity({ options: this.#options, ports, contactParameters });
    const stackTimers = sipTimers(timers);
    const proven = new ProvenSources();
    const transactions = new TransactionLayer({
      timers: stackTimers,
      identity,
      proven,
      send: (data, destination) => this.#send(data, destination),
    });
    return { timers: stackTimers, identity, transactions, proven, dialogs: new Map() };
  }

  async #send(data: Buffer, destination: Destination): Promise<boolean> {
    if (this.#closed !== undefined) return false;
    try {
      await this.#transports.send(data, destination);
      return true;
    } catch {
      this.#drop('sendFailed', destination.peer);
      return false;
    }
  }

  #drop(reason: SipDropReason, peer: SipPeer): void {
    guard(() => this.#options.onDropped?.(reason, peer));
  }

  async #shutDown(): Promise<void> {
    for (const dialog of [...this.#stack.dialogs.values()]) dialog.abandon();
    this.#stack.transactions.close();
    await this.#transports.close();
  }
}
