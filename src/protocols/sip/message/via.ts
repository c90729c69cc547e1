import { type Destination, isStream } from './destination.ts';
import { headerValues, parseParams, type WithHeaders } from './headers.ts';
import type { SipHeader, SipPeer, SipRequest, SipTransportName } from './types.ts';

/** RFC 3261 section 20.42. */
export interface Via {
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ReadonlyMap<string, string>;
}

const DEFAULT_SIP_PORT = 5060;
const DEFAULT_SIPS_PORT = 5061;
/** A branch with this prefix is unique (RFC 3261 section 8.1.1.7). */
export const BRANCH_COOKIE = 'z9hG4bK';

const VIA = /^SIP ?\/ ?2\.0 ?\/ ?([a-z0-9-]+) (\[[^\]]+\]|[^ :;,]+) ?(?:: ?(\d{1,5}))? ?(;.*)?$/is;

export function parseVia(value: string): Via | undefined {
  const match = VIA.exec(value.replace(/\s+/g, ' '));
  const [, transport, host, portText, params] = match ?? [];
  if (transport === undefined || host === undefined) return undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined;
  return {
    transport: transport.toUpperCase(),
    host: host.toLowerCase().replace(/^\[|\]$/g, ''),
    port,
    params: parseParams(params ?? ''),
  };
}

export function topVia(message: WithHeaders): Via | undefined {
  const [first] = headerValues(message, 'Via');
  return first === undefined ? undefined : parseVia(first);
}

/**
 * Notes a request's real source in its top Via (RFC 3261 section 18.2.1, RFC 3581 section 4). A
 * `received` that the sender wrote itself is not trusted.
 */
export function stampVia(request: SipRequest, peer: SipPeer): SipRequest {
  const via = topVia(request);
  const [first = '', ...others] = headerValues(request, 'Via');
  if (via === undefined) return request;
  const wantsPort = via.params.has('rport');
  const bare = first.replace(/;\s?(?:received|rport)(?:\s?=[^;]*)?(?=\s?(?:;|$))/gi, '').trim();
  const received = wantsPort || via.host !== peer.address ? `;received=${peer.address}` : '';
  const stamped = `${bare}${received}${wantsPort ? `;rport=${peer.port}` : ''}`;
  const vias: SipHeader[] = [stamped, ...others].map((value) => ({ name: 'Via', value }));
  const rest = request.headers.filter((entry) => entry.name.toLowerCase() !== 'via');
  return { ...request, headers: [...vias, ...rest] };
}

/** RFC 3261 section 19.1.2 */
export function defaultPort(transport: SipTransportName): number {
  return transport === 'TLS' ? DEFAULT_SIPS_PORT : DEFAULT_SIP_PORT;
}

/**
 * Returns the answer's destination (RFC 3261 section 18.2.2, RFC 3581 section 4): the source
 * address on UDP, the same connection on TCP and TLS and, once that is gone, a new one to the port
 * that Via names.
 */
export function answerDestination(request: SipRequest, peer: SipPeer): Destination {
  const via = topVia(request);
  const named = { ...peer, port: via?.port ?? defaultPort(peer.transport) };
  if (isStream(peer.transport)) return { peer, fallback: named };
  return { peer: via?.params.has('rport') ? peer : named };
}
