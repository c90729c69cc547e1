import type { Identity } from '../message/identity.ts';
import { withDefaults } from '../message/responses.ts';
import { bodyHeaders } from '../message/serializer.ts';
import type { SipBody, SipHeader, SipRequest, SipTransportName } from '../message/types.ts';

const MAX_FORWARDS = '70';

export interface RequestFields {
  readonly method: string;
  readonly requestUri: string;
  readonly routes: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly sequence: number;
  readonly transport: SipTransportName;
  readonly headers?: readonly SipHeader[] | undefined;
  readonly body?: SipBody | undefined;
}

/** Builds a request of ours (RFC 3261 section 8.1.1) except its Via, which the transaction adds. */
export function createRequest(identity: Identity, fields: RequestFields): SipRequest {
  const { method, requestUri, body } = fields;
  const own: SipHeader[] = [
    ...fields.routes.map((value) => ({ name: 'Route', value })),
    { name: 'Max-Forwards', value: MAX_FORWARDS },
    { name: 'From', value: fields.from },
    { name: 'To', value: fields.to },
    { name: 'Call-ID', value: fields.callId },
    { name: 'CSeq', value: `${fields.sequence} ${method}` },
  ];
  const custom = [...(fields.headers ?? []), ...bodyHeaders(body)];
  const headers = [...own, ...withDefaults(custom, additions(identity, fields))];
  return { method, requestUri, headers, body: body?.content ?? Buffer.alloc(0) };
}

function additions(
  identity: Identity,
  { method, transport, requestUri }: RequestFields,
): SipHeader[] {
  const product = identity.product('User-Agent');
  if (method === 'ACK' || method === 'BYE' || method === 'INFO') return [product];
  const contact = identity.contact(transport, /^sips:/i.test(requestUri));
  return [contact, ...identity.capabilities(), product];
}
