import type { Destination } from '../message/destination.ts';
import type {
  SipBody,
  SipDialogHandler,
  SipDialogState,
  SipHeader,
  SipPeer,
  SipRequest,
  SipResponse,
} from '../message/types.ts';
import { AckWatch } from './ack-watch.ts';
import {
  contactOf,
  dialogDestination,
  dialogIdOf,
  type RoutedRequest,
  routeRequest,
} from './dialog-state.ts';
import { createRequest } from './request-builder.ts';
import type { SipStack } from './stack.ts';

export interface DialogOptions {
  readonly stack: SipStack;
  readonly state: SipDialogState;
  readonly handler: SipDialogHandler;
}

export interface DialogRequestFields {
  readonly method: string;
  /** Undefined takes the next one; an ACK repeats that of its INVITE. */
  readonly sequence?: number;
  readonly headers?: readonly SipHeader[] | undefined;
  readonly body?: SipBody | undefined;
}

/** State that both sides of a dialog share: the dialog itself, and offers in progress. */
export class DialogCore {
  readonly stack: SipStack;
  readonly handler: SipDialogHandler;
  readonly acks: AckWatch;
  readonly id: string;
  /** `ending`: BYE is under way; `ended`: the stack has forgotten the dialog. */
  phase: 'open' | 'ending' | 'ended' = 'open';
  /** An INVITE or UPDATE of ours has no final answer yet. */
  offering = false;
  #state: SipDialogState;

  constructor({ stack, state, handler }: DialogOptions) {
    this.stack = stack;
    this.handler = handler;
    this.acks = new AckWatch(stack.timers);
    this.id = dialogIdOf(state);
    this.#state = state;
  }

  get state(): SipDialogState {
    return this.#state;
  }

  destination(): Destination {
    return dialogDestination(this.#state);
  }

  /** Notes a request's number and its source. */
  noteRequest(sequence: number, peer: SipPeer): void {
    this.#state = { ...this.#state, remoteSequence: sequence, peer };
  }

  /** RFC 3261 sections 12.2.1.2 and 12.2.2: INVITE and UPDATE move the remote target. */
  refreshTarget(message: SipRequest | SipResponse): void {
    const remoteTarget = contactOf(message);
    if (remoteTarget !== undefined) this.#state = { ...this.#state, remoteTarget };
  }

  createRequest(fields: DialogRequestFields): SipRequest {
    const sequence = fields.sequence ?? this.#state.localSequence + 1;
    if (fields.sequence === undefined) this.#state = { ...this.#state, localSequence: sequence };
    const { localUri, localTag, remoteUri, remoteTag, callId } = this.#state;
    const routed: RoutedRequest = routeRequest(this.#state);
    return createRequest(this.stack.identity, {
      ...fields,
      ...routed,
      from: address(localUri, localTag),
      to: address(remoteUri, remoteTag),
      callId,
      sequence,
      transport: this.destination().peer.transport,
    });
  }

  /** Acknowledges a 2xx; returns a function that sends the same ACK again. */
  acknowledge(sequence: number): () => void {
    const ack = this.createRequest({ method: 'ACK', sequence });
    return this.stack.transactions.acknowledge(ack, this.destination());
  }

  end(): void {
    this.phase = 'ended';
    this.acks.stop();
    if (this.stack.dialogs.get(this.id)?.owns(this)) this.stack.dialogs.delete(this.id);
  }
}

function address(uri: string, tag: string): string {
  return tag === '' ? `<${uri}>` : `<${uri}>;tag=${tag}`;
}
