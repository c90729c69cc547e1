import type { Dialog } from './dialog.ts';
import type { Identity } from './identity.ts';
import type { ProvenSources } from './proven-sources.ts';
import type { SipTimers } from './timers.ts';
import type { TransactionLayer } from './transaction-layer.ts';

/** What the parts of one user agent share. */
export interface SipStack {
  readonly timers: SipTimers;
  readonly identity: Identity;
  readonly transactions: TransactionLayer;
  readonly proven: ProvenSources;
  /** By `dialogIdOf`. */
  readonly dialogs: Map<string, Dialog>;
}
