import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isStream } from './destination.ts';
import type { SipHeader, SipTransportName, SipUserAgentOptions } from './types.ts';

export const ALLOWED_METHODS: readonly string[] = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'INFO',
  'UPDATE',
];

/** Body types listed in answers to OPTIONS; metadata (RFC 7865) has two names. */
export const ACCEPT =
  'application/sdp, multipart/mixed, application/rs-metadata+xml, application/rs-metadata';

/** Extensions whose `Require` is never refused: the owner handles them, not the stack. */
const ALWAYS_REQUIRABLE = ['siprec', 'timer'];

export interface IdentityOptions {
  readonly options: SipUserAgentOptions;
  readonly ports: Readonly<Record<SipTransportName, number | undefined>>;
  /** Appended to Contact, such as `+sip.srs` (RFC 7866 section 6.2). */
  readonly contactParameters: string | undefined;
}

/** Names this user agent in the messages it sends. */
export class Identity {
  readonly #options: SipUserAgentOptions;
  readonly #ports: IdentityOptions['ports'];
  readonly #contactSuffix: string;
  readonly #host: string;
  readonly #supported: readonly string[];
  readonly #requirable: ReadonlySet<string>;

  constructor({ options, ports, contactParameters }: IdentityOptions) {
    this.#options = options;
    this.#ports = ports;
    this.#contactSuffix = contactParameters === undefined ? '' : `;${contactParameters}`;
    this.#host = bracketed(options.advertisedHost ?? reachableHost(options.host));
    this.#supported = [...new Set(['siprec', ...(options.supported ?? [])])];
    const tags = [...ALWAYS_REQUIRABLE, ...this.#supported];
    this.#requirable = new Set(tags.map((tag) => tag.toLowerCase()));
  }

  /** @param secure the dialog was requested by a SIPS URI (RFC 3261 section 12.1.1) */
  contact(transport: SipTransportName, secure = false): SipHeader {
    const by = isStream(transport) ? `;transport=${transport.toLowerCase()}` : '';
    const uri = `${secure ? 'sips' : 'sip'}:${this.#place(transport)}${by}`;
    return { name: 'Contact', value: `<${uri}>${this.#contactSuffix}` };
  }

  via(transport: SipTransportName, branch: string): SipHeader {
    const value = `SIP/2.0/${transport} ${this.#place(transport)};branch=${branch};rport`;
    return { name: 'Via', value };
  }

  /** Returns User-Agent for requests, Server for responses. */
  product(name: 'User-Agent' | 'Server'): SipHeader {
    return { name, value: this.#options.userAgent };
  }

  capabilities(): readonly SipHeader[] {
    return [ALLOW, { name: 'Supported', value: this.#supported.join(', ') }];
  }

  accept(): SipHeader {
    return { name: 'Accept', value: ACCEPT };
  }

  /** Returns the `tags` that Unsupported lists (RFC 3261 section 8.2.2.3). */
  unsupported(tags: readonly string[]): readonly string[] {
    return tags.filter((tag) => !this.#requirable.has(tag.toLowerCase()));
  }

  #place(transport: SipTransportName): string {
    return `${this.#host}:${this.#ports[transport] ?? 0}`;
  }
}

export const ALLOW: SipHeader = { name: 'Allow', value: ALLOWED_METHODS.join(', ') };

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

/** Replaces `0.0.0.0` and `::`, which cannot be answered, by the first outside address. */
function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = addresses.find((entry) => !entry.internal && entry.family === family);
  return outside?.address ?? (family === 'IPv6' ? '::1' : '127.0.0.1');
}
