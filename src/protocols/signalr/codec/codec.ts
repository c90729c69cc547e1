import type { HubMessage } from './messages.ts';
import type { RecordFraming } from './record-reader.ts';

export type ProtocolName = 'json' | 'messagepack';

/** One encoding of the hub protocol. */
export interface Codec {
  readonly name: ProtocolName;
  /** Transfer format of the transport protocol; server-sent events cannot carry binary. */
  readonly binary: boolean;
  readonly framing: RecordFraming;
  /** A whole record, its framing included. */
  encode(message: HubMessage): Buffer;
  /**
   * A record without its framing; undefined for a message type from a later version of the
   * protocol, which is to be ignored. Throws ProtocolError.
   */
  decode(record: Buffer): HubMessage | undefined;
}
