import type { Dialog } from './dialog.ts';
import type { Identity } from './identity.ts';
import type { SipTimers } from './timers.ts';
import type { TransactionLayer } from './transaction-layer.ts';

/** What the parts of one user agent share. */
export interface SipStack {
  readonly timers: SipTimers;
  readonly identity: Identity;
  readonly transactions: TransactionLayer;
  /** By `dialogIdOf`. */
  readonly dialogs: Map<string, Dialog>;
}
