import { agent } from '../../support/hush/hush.ts';

export const caller = 'tel:+31880000000';

/**
 * An INVITE's body in the layout that a family is known for, and what is in it; none was captured.
 * Quirks that clients in the field have are spread over the families, not claimed of each.
 */
export interface Vendor {
  readonly name: string;
  readonly contentType: string;
  readonly body: string;
  /** The communication session that counts; a GUID, or else text that one is derived from. */
  readonly session: string;
  /** Agent first. */
  readonly parties: readonly (string | null)[];
  /** In the order of the m-lines. */
  readonly streams: readonly VendorStream[];
  /** What is amiss with its body. */
  readonly faults?: readonly string[];
  /** The first INVITE is on hold; what to put in its place when the audio begins. */
  readonly release?: readonly [from: RegExp, to: string];
}

export interface VendorStream {
  readonly aor: string | null;
  readonly mixed?: boolean;
  /** Nothing is sent on it, so that what is heard of the others can be told apart. */
  readonly silent?: boolean;
}

export const agentAndCaller = {
  parties: [agent, caller],
  streams: [{ aor: agent }, { aor: caller }],
} as const;

const boundary = 'unique-boundary-1';

export interface Part {
  readonly head: string;
  readonly content: string;
}

export function multipart(...parts: readonly Part[]): Pick<Vendor, 'contentType' | 'body'> {
  const pieces = parts.map(({ head, content }) => `--${boundary}\n${head}\n\n${content}\n`);
  return {
    contentType: `multipart/mixed;boundary=${boundary}`,
    body: `${pieces.join('')}--${boundary}--\n`.replace(/\r?\n/g, '\r\n'),
  };
}

export function sdpPart(content: string): Part {
  return { head: 'Content-Type: application/sdp', content };
}

export function metadataPart(content: string, type = 'application/rs-metadata+xml'): Part {
  return { head: `Content-Type: ${type}\nContent-Disposition: recording-session`, content };
}

/** An SDP whose m-lines are given whole, each with its attributes. */
export function sdp(head: string, ...lines: readonly string[]): string {
  return ['v=0', head, 't=0 0', ...lines].join('\n');
}
