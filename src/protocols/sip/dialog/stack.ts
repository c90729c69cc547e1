import type { Identity } from '../message/identity.ts';
import type { SipPeer, SipRequest } from '../message/types.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import type { SipTimers } from '../transaction/timers.ts';
import type { TransactionLayer } from '../transaction/transaction-layer.ts';
import type { ProvenSources } from '../transport/proven-sources.ts';

/** A dialog as the user agent finds it by its id. */
export interface RegisteredDialog {
  readonly peer: SipPeer;
  /** True when `core` is this dialog's own state, not that of a later dialog with the same id. */
  owns(core: object): boolean;
  /** Answers a request that the peer sent within the dialog. */
  receive(incoming: IncomingRequest): void;
  /** Ends the wait of a 2xx for its ACK (RFC 3261 section 13.3.1.4). */
  receiveAck(request: SipRequest): void;
  /** Forgets the dialog without telling the peer. */
  abandon(): void;
}

/** Shared by the parts of one user agent. */
export interface SipStack {
  readonly timers: SipTimers;
  readonly identity: Identity;
  readonly transactions: TransactionLayer;
  readonly proven: ProvenSources;
  /** Keyed by `dialogIdOf`. */
  readonly dialogs: Map<string, RegisteredDialog>;
}
