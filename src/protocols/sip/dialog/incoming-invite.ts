import { SipUsageError } from '../message/errors.ts';
import { guard } from '../message/guard.ts';
import { headerValues } from '../message/headers.ts';
import type {
  IncomingInvite,
  SipDialog,
  SipDialogHandler,
  SipDialogState,
  SipPeer,
  SipReply,
  SipRequest,
} from '../message/types.ts';
import type { IncomingRequest } from '../transaction/incoming-request.ts';
import { Dialog } from './dialog.ts';
import { serverDialogState } from './dialog-state.ts';
import type { SipStack } from './stack.ts';

/** An INVITE outside a dialog that its owner has yet to answer (RFC 3261 section 13.3). */
export class PendingInvite implements IncomingInvite {
  readonly #stack: SipStack;
  readonly #incoming: IncomingRequest;
  readonly #listeners: (() => void)[] = [];
  #cancelled = false;

  constructor(stack: SipStack, incoming: IncomingRequest) {
    this.#stack = stack;
    this.#incoming = incoming;
  }

  get request(): SipRequest {
    return this.#incoming.request;
  }

  get peer(): SipPeer {
    return this.#incoming.peer;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  onCancel(listener: () => void): void {
    if (this.#cancelled) guard(listener);
    else this.#listeners.push(listener);
  }

  reject(reply: SipReply): void {
    if (reply.statusCode < 300) throw new SipUsageError('reject wants a status from 300 up');
    this.#incoming.answer(reply);
  }

  dialogState(): SipDialogState {
    return serverDialogState(this.#incoming);
  }

  /** Throws SipUsageError for a status other than 2xx, and once the INVITE is answered. */
  accept(reply: SipReply, handler: SipDialogHandler): SipDialog {
    if (reply.statusCode < 200 || reply.statusCode >= 300) {
      throw new SipUsageError('accept wants a 2xx status');
    }
    if (this.#incoming.answered) throw new SipUsageError('the INVITE is answered or cancelled');
    const state = this.dialogState();
    const dialog = new Dialog({ stack: this.#stack, state, handler });
    const routes = headerValues(this.request, 'Record-Route');
    const recordRoutes = routes.map((value) => ({ name: 'Record-Route', value }));
    dialog.accept(this.#incoming, {
      ...reply,
      headers: [...recordRoutes, ...(reply.headers ?? [])],
    });
    return dialog;
  }

  /** RFC 3261 section 9.2: has no effect after a final answer. */
  cancel(): void {
    if (this.#incoming.answered) return;
    this.#cancelled = true;
    this.#incoming.answer({ statusCode: 487 });
    for (const listener of this.#listeners) guard(listener);
  }
}
