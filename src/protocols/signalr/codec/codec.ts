import type { HubMessage } from './messages.ts';
import type { RecordFraming } from './record-reader.ts';

export type ProtocolName = 'json' | 'messagepack';

/** One encoding of the hub protocol. */
export interface Codec {
  readonly name: ProtocolName;
  /** Transfer format of the transport protocol; server-sent events cannot carry binary. */
  readonly binary: boolean;
  readonly framing: RecordFraming;
  /** Encodes a whole record, its framing included. */
  encode(message: HubMessage): Buffer;
  /**
   * Decodes a record without its framing; returns undefined for a message type from a later version
   * of the protocol, which is to be ignored. Throws ProtocolError.
   */
  decode(record: Buffer): HubMessage | undefined;
}
