import type { Dialog } from '../dialog/dialog.ts';
import type { SipTimers } from '../transaction/timers.ts';
import type { TransactionLayer } from '../transaction/transaction-layer.ts';
import type { ProvenSources } from '../transport/proven-sources.ts';
import type { Identity } from './identity.ts';

/** What the parts of one user agent share. */
export interface SipStack {
  readonly timers: SipTimers;
  readonly identity: Identity;
  readonly transactions: TransactionLayer;
  readonly proven: ProvenSources;
  /** By `dialogIdOf`. */
  readonly dialogs: Map<string, Dialog>;
}
