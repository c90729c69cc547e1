import { SipRejectedError } from '../message/errors.ts';
import { parseNameAddr, sequenceOf, tagOf } from '../message/headers.ts';
import { newCallId, newTag } from '../message/tokens.ts';
import type {
  OutgoingInvite,
  SipDialog,
  SipDialogHandler,
  SipRequest,
  SipResponse,
} from '../message/types.ts';
import { Dialog } from './dialog.ts';
import { clientDialogState } from './dialog-state.ts';
import { createRequest } from './request-builder.ts';
import type { SipStack } from './stack.ts';

const FIRST_SEQUENCE = 1;

interface Established {
  readonly dialog: SipDialog;
  readonly response: SipResponse;
}

/** Calls out (RFC 3261 section 13.2). The dialog exists before its next message can arrive. */
export function sendInvite(stack: SipStack, outgoing: OutgoingInvite): Promise<Established> {
  const request = createInvite(stack, outgoing);
  const acks = new Map<string, () => void>();
  return new Promise((resolve, reject) => {
    const onAnswer = (response: SipResponse) => {
      if (response.statusCode >= 300) {
        return reject(new SipRejectedError(response.statusCode, response.reason));
      }
      const remoteTag = tagOf(response, 'To');
      const again = acks.get(remoteTag);
      if (again !== undefined) return again();
      const first = acks.size === 0;
      const handler = first ? outgoing.handler : STRAY;
      const state = clientDialogState({ request, response, peer: outgoing.peer });
      const dialog = new Dialog({ stack, state, handler });
      acks.set(remoteTag, dialog.acknowledge(sequenceOf(request)));
      if (first) resolve({ dialog, response });
      // A proxy forked, and a second one took the call (RFC 3261 section 13.2.2.4).
      else void dialog.bye();
    };
    stack.transactions.invite(request, { peer: outgoing.peer }, { onAnswer, onFailure: reject });
  });
}

function createInvite(stack: SipStack, outgoing: OutgoingInvite): SipRequest {
  const { requestUri, headers, body, peer } = outgoing;
  return createRequest(stack.identity, {
    method: 'INVITE',
    requestUri,
    routes: [],
    from: `${withoutParams(outgoing.from)};tag=${newTag()}`,
    to: withoutParams(outgoing.to),
    callId: newCallId(),
    sequence: FIRST_SEQUENCE,
    transport: peer.transport,
    headers,
    body,
  });
}

/** Takes a URI as well as a name with a URI in angle brackets. */
function withoutParams(address: string): string {
  if (!address.includes('<')) return `<${address}>`;
  const parsed = parseNameAddr(address);
  if (parsed === undefined) return `<${address.replace(/[<>"]/g, '')}>`;
  const name = parsed.displayName.replace(/(["\\])/g, '\\$1');
  return name === '' ? `<${parsed.uri}>` : `"${name}" <${parsed.uri}>`;
}

const STRAY: SipDialogHandler = {
  onReinvite: (incoming) => incoming.reply({ statusCode: 488 }),
  onUpdate: (incoming) => incoming.reply({ statusCode: 488 }),
  onInfo: (incoming) => incoming.reply({ statusCode: 488 }),
  onBye: () => undefined,
  onAckTimeout: () => undefined,
};
