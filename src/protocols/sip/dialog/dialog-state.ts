import { isIP } from 'node:net';
import { type Destination, isStream } from '../message/destination.ts';
import type { WithHeaders } from '../message/headers.ts';
import {
  header,
  headerValues,
  parseNameAddr,
  parseSipUri,
  sequenceOf,
  tagOf,
} from '../message/headers.ts';
import type {
  SipDialogState,
  SipPeer,
  SipRequest,
  SipResponse,
  SipTransportName,
} from '../message/types.ts';
import { defaultPort } from '../message/via.ts';

export interface IncomingDialog {
  readonly request: SipRequest;
  readonly peer: SipPeer;
  readonly toTag: string;
}

/** Returns the dialog made by answering an INVITE with 2xx (RFC 3261 section 12.1.1). */
export function serverDialogState({ request, peer, toTag }: IncomingDialog): SipDialogState {
  return {
    callId: header(request, 'Call-ID') ?? '',
    localTag: toTag,
    remoteTag: tagOf(request, 'From'),
    localUri: uriOf(request, 'To'),
    remoteUri: uriOf(request, 'From'),
    remoteTarget: contactOf(request) ?? uriOf(request, 'From'),
    routeSet: headerValues(request, 'Record-Route'),
    localSequence: 0,
    remoteSequence: sequenceOf(request),
    peer,
  };
}

export interface OutgoingDialog {
  readonly request: SipRequest;
  readonly response: SipResponse;
  readonly peer: SipPeer;
}

/** Returns the dialog made by a 2xx to our INVITE (RFC 3261 section 12.1.2). */
export function clientDialogState({ request, response, peer }: OutgoingDialog): SipDialogState {
  return {
    callId: header(request, 'Call-ID') ?? '',
    localTag: tagOf(request, 'From'),
    remoteTag: tagOf(response, 'To'),
    localUri: uriOf(request, 'From'),
    remoteUri: uriOf(request, 'To'),
    remoteTarget: contactOf(response) ?? request.requestUri,
    routeSet: [...headerValues(response, 'Record-Route')].reverse(),
    localSequence: sequenceOf(request),
    remoteSequence: 0,
    peer,
  };
}

/** Returns the id of a message's dialog; equal to `dialogIdOf` of its state. */
export function incomingDialogId(request: SipRequest): string {
  return dialogId(header(request, 'Call-ID') ?? '', tagOf(request, 'To'), tagOf(request, 'From'));
}

export function dialogIdOf(state: SipDialogState): string {
  return dialogId(state.callId, state.localTag, state.remoteTag);
}

/** Tags and Call-ID hold no white space, so that no two dialogs share an id. */
function dialogId(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}

/** Returns the Contact URI of a message; undefined without a readable one. */
export function contactOf(message: WithHeaders): string | undefined {
  const [contact] = headerValues(message, 'Contact');
  return contact === undefined ? undefined : parseNameAddr(contact)?.uri;
}

function uriOf(message: WithHeaders, name: 'From' | 'To'): string {
  return parseNameAddr(header(message, name) ?? '')?.uri ?? '';
}

export interface RoutedRequest {
  readonly requestUri: string;
  readonly routes: readonly string[];
}

/** RFC 3261 section 12.2.1.1, with the strict routers of RFC 2543. */
export function routeRequest({ routeSet, remoteTarget }: SipDialogState): RoutedRequest {
  const [first, ...others] = routeSet;
  const firstUri = first === undefined ? undefined : parseNameAddr(first)?.uri;
  if (firstUri === undefined || parseSipUri(firstUri)?.params.has('lr')) {
    return { requestUri: remoteTarget, routes: routeSet };
  }
  return { requestUri: firstUri, routes: [...others, `<${remoteTarget}>`] };
}

/**
 * Returns the destination of a request inside the dialog: the first route or the remote target,
 * over an open connection of the dialog if there is one. A host name is not resolved: such a peer
 * is reached where its last request came from.
 */
export function dialogDestination(state: SipDialogState): Destination {
  const [route] = state.routeSet;
  const routeUri = route === undefined ? undefined : parseNameAddr(route)?.uri;
  const hop = parseSipUri(routeUri ?? state.remoteTarget);
  if (hop === undefined || isIP(hop.host) === 0 || hop.port === 0 || isUnspecified(hop.host)) {
    return { peer: state.peer };
  }
  const transport = transportOf(hop.params.get('transport')) ?? state.peer.transport;
  const target = { address: hop.host, port: hop.port ?? defaultPort(transport), transport };
  const mayReuse = isStream(transport) && state.peer.transport === transport;
  return mayReuse ? { peer: state.peer, fallback: target } : { peer: target };
}

function transportOf(param: string | undefined): SipTransportName | undefined {
  const name = param?.toUpperCase();
  return name === 'UDP' || name === 'TCP' || name === 'TLS' ? name : undefined;
}

function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
