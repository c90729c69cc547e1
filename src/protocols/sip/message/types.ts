import type { TlsOptions } from 'node:tls';

/** Transports Hush listens on (RFC 3261 section 18). */
export type SipTransportName = 'UDP' | 'TCP' | 'TLS';

export interface SipPeer {
  readonly address: string;
  readonly port: number;
  readonly transport: SipTransportName;
}

/** A header as written in the message; compact names are expanded, values are trimmed. */
export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

export interface SipBody {
  readonly contentType: string;
  readonly content: Buffer;
}

export interface SipRequest {
  readonly method: string;
  readonly requestUri: string;
  readonly headers: readonly SipHeader[];
  readonly body: Buffer;
}

export interface SipResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: readonly SipHeader[];
  readonly body: Buffer;
}

export interface SipReply {
  readonly statusCode: number;
  readonly reason?: string;
  readonly headers?: readonly SipHeader[];
  readonly body?: SipBody;
}

/**
 * All state that another process needs to continue a dialog (RFC 3261 section 12), as plain JSON.
 * The remote target, route set and both sequence numbers are kept current.
 */
export interface SipDialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly localSequence: number;
  readonly remoteSequence: number;
  readonly peer: SipPeer;
}

/** A request inside a dialog that requires exactly one final answer. */
export interface SipDialogRequest {
  readonly request: SipRequest;
  /**
   * Begins to carry it out: from now on no CANCEL undoes it (RFC 3261 section 9.2). Returns false
   * if it was cancelled, and answered.
   */
  begin(): boolean;
  reply(reply: SipReply): void;
}

/** Events for the owner of a dialog. The stack answers BYE with 200 before `onBye`. */
export interface SipDialogHandler {
  onReinvite(incoming: SipDialogRequest): void;
  onUpdate(incoming: SipDialogRequest): void;
  onInfo(incoming: SipDialogRequest): void;
  onBye(): void;
  /**
   * Called for every ACK to a 2xx, with the answer if the 2xx made an offer (RFC 3261 section
   * 13.2.2.4).
   */
  onAck?(request: SipRequest): void;
  /** Called when a 2xx was never acknowledged (RFC 3261 section 13.3.1.4): BYE has been sent. */
  onAckTimeout(): void;
}

export interface SipDialog {
  readonly id: string;
  readonly peer: SipPeer;
  state(): SipDialogState;
  /** Resolves once every 2xx of ours has its ACK, or no longer awaits one. */
  acknowledged(): Promise<void>;
  /** Sends a re-INVITE, whose 2xx the stack acknowledges. Rejects with SipTimeoutError. */
  invite(body: SipBody, headers?: readonly SipHeader[]): Promise<SipResponse>;
  request(method: 'UPDATE' | 'INFO' | 'OPTIONS', body?: SipBody): Promise<SipResponse>;
  /** Ends the dialog; resolves with the final answer. May be called twice. */
  bye(): Promise<void>;
}

/** An INVITE outside a dialog. Exactly one of accept and reject is called. */
export interface IncomingInvite {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  /**
   * Set once a CANCEL came; the stack has then answered 487 itself and accept must not be called.
   */
  readonly cancelled: boolean;
  onCancel(listener: () => void): void;
  reject(reply: SipReply): void;
  /** Returns the dialog that `accept` will make: it can be stored before the client knows of it. */
  dialogState(): SipDialogState;
  accept(reply: SipReply, handler: SipDialogHandler): SipDialog;
}

export type SipDropReason =
  | 'malformed'
  | 'tooLarge'
  | 'unmatchedResponse'
  | 'overload'
  | 'rateLimited'
  | 'unauthorized'
  | 'guessing'
  | 'notAllowed'
  | 'forbiddenAddress'
  | 'handshakeFailed'
  | 'sendFailed';

/** An INVITE, or an UPDATE with a body, and its reading cost. */
export interface InviteLoad {
  readonly address: string;
  /** Size of the body. */
  readonly bytes: number;
  readonly inDialog: boolean;
}

export interface SipUserAgentOptions {
  readonly host: string;
  /** 0 takes a free port from the system; undefined does not listen. */
  readonly udpPort?: number;
  readonly tcpPort?: number;
  /** Omitted: neither listens nor connects by TLS. */
  readonly tls?: SipTlsOptions;
  /** Host that Contact and Via name when it differs from `host` (NAT, 0.0.0.0). */
  readonly advertisedHost?: string;
  readonly userAgent: string;
  readonly supported?: readonly string[];
  readonly limits: SipLimits;
  onInvite(invite: IncomingInvite): void;
  /**
   * Returns 0, or the seconds to wait before retrying: a new call is then answered 503, an offer in
   * a dialog 500 (RFC 3261 section 14.2). Called before a body is read.
   */
  inviteDelaySeconds?(load: InviteLoad): number;
  /** Omitted: no authentication is required. */
  readonly digest?: DigestRules;
  readonly digestGuard?: DigestGuard;
  /** Returns false for addresses whose datagrams are dropped and connections closed unread. */
  isAllowed?(address: string): boolean;
  /** Counts dropped messages; never gets message content. */
  onDropped?(reason: SipDropReason, peer: SipPeer): void;
}

export interface SipTlsOptions {
  readonly port: number;
  readonly certificate: SipCertificate;
}

/** The certificate for incoming and outgoing connections. */
export interface SipCertificate {
  readonly options: TlsOptions;
  /** Calls `take` with options for later connections. */
  onChange(take: (options: TlsOptions) => void): void;
}

export interface SipCredentials {
  readonly name: string;
  readonly password: string;
}

export type DigestAlgorithm = 'MD5' | 'SHA-256' | 'SHA-512-256';

/** Users who may call (RFC 3261 section 22); names and realm hold no quotes or backslashes. */
export interface DigestRules {
  readonly realm: string;
  readonly users: readonly SipCredentials[];
  readonly algorithms: readonly DigestAlgorithm[];
}

/** Counts wrong answers to challenges, for verified addresses and existing users. */
export interface DigestGuard {
  /** Returns false when further attempts of this address for this user are ignored. */
  mayTry(address: string, user: string): boolean;
  failed(address: string, user: string): void;
  proved(address: string, user: string): void;
}

export interface SipLimits {
  readonly maxMessageBytes: number;
  readonly maxTcpConnections: number;
  readonly tcpIdleTimeoutMs: number;
  readonly maxTransactions: number;
}

export interface OutgoingInvite {
  readonly peer: SipPeer;
  readonly requestUri: string;
  readonly from: string;
  readonly to: string;
  readonly headers?: readonly SipHeader[];
  readonly body: SipBody;
  readonly handler: SipDialogHandler;
}

export interface SipUserAgent {
  readonly udpPort: number | undefined;
  readonly tcpPort: number | undefined;
  readonly tlsPort: number | undefined;
  /** Resolves on 2xx (already acknowledged); rejects with SipRejectedError or SipTimeoutError. */
  invite(outgoing: OutgoingInvite): Promise<{ dialog: SipDialog; response: SipResponse }>;
  /** Takes up a dialog that another process began. */
  restoreDialog(state: SipDialogState, handler: SipDialogHandler): SipDialog;
  close(): Promise<void>;
}
